//! The committed OpenAPI document is the service's.

use runtime::Service as _;

const COMMITTED: &str = include_str!("../../openapi.json");

#[test]
fn the_document_has_not_drifted() {
    let document = product::App::openapi().unwrap();
    assert!(
        document == COMMITTED,
        "openapi.json is not what the code says: run `cargo run --bin product -- openapi > services/product/openapi.json`"
    );
}
