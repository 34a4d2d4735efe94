//! The committed OpenAPI document.

use runtime::Service;

#[test]
fn the_committed_document_is_current() {
    let committed = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json"))
        .unwrap_or_default();
    let current = auth::App::openapi().unwrap();
    assert!(
        committed.trim() == current.trim(),
        "services/auth/openapi.json is not current: cargo run --bin auth -- openapi > services/auth/openapi.json"
    );
}
