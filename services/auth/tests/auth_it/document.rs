//! The committed OpenAPI document, and what it promises about who may do what.

use runtime::Service;
use serde_json::{Value, json};

fn document() -> Value {
    serde_json::from_str(&auth::App::openapi().unwrap()).unwrap()
}

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

/// Whatever looks at a token says so in the document.
#[test]
fn operations_that_need_a_token_are_documented_with_it() {
    for (path, operations) in document()["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let name = format!("{method} {path}");
            let refuses = operation["responses"]
                .as_object()
                .unwrap()
                .get("401")
                .and_then(|answer| answer["description"].as_str())
                .is_some_and(|text| text.contains("token_expired"));
            let secured = operation["security"] == json!([{"bearer": []}]);
            assert_eq!(secured, refuses, "{name}");
        }
    }
}
