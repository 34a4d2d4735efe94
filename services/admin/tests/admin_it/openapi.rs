//! The committed OpenAPI document is the service's.

use runtime::Service as _;

const COMMITTED: &str = include_str!("../../openapi.json");

#[test]
fn the_document_has_not_drifted() {
    let document = admin::App::openapi().unwrap();
    assert!(
        document == COMMITTED,
        "openapi.json is not what the code says: run `cargo xtask openapi`"
    );
}
