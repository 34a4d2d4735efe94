use runtime::Service as _;

/// `cargo xtask openapi` brings the committed document up to date.
#[test]
fn the_committed_document_is_that_of_the_code() {
    let made = order::App::openapi().expect("a document");
    let committed = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json"))
        .unwrap_or_default();
    assert!(
        made.trim_end() == committed.trim_end(),
        "services/order/openapi.json is not up to date"
    );
}
