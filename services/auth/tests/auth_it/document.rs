//! The committed OpenAPI document, and what it promises about who may do what.

use runtime::Service;
use serde_json::{Value, json};

use crate::support::app;

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

/// What anybody may do.
const OPEN: [&str; 7] = [
    "post /api/auth/register",
    "post /api/auth/login",
    "post /api/auth/refresh",
    "post /api/auth/email/verify",
    "post /api/auth/password/forgot",
    "post /api/auth/password/reset",
    "get /api/auth/.well-known/jwks.json",
];

/// What only staff may do.
const STAFF: [&str; 2] = ["get /api/users", "patch /api/users/{id}"];

#[tokio::test]
async fn every_operation_is_open_or_refuses_guests_and_customers() {
    let app = app().await;
    let customer = app.register("anna@example.com").await;
    let document = document();
    let mut open = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let name = format!("{method} {path}");
            if OPEN.contains(&name.as_str()) {
                assert_eq!(operation["security"], json!(null), "{name}");
                open.push(name);
                continue;
            }
            assert_eq!(operation["security"], json!([{"bearer": []}]), "{name}");
            let url = path.replace("{id}", &customer.id);
            let method: reqwest::Method = method.to_uppercase().parse().unwrap();
            app.client()
                .request(method.clone(), &url)
                .json(&json!({}))
                .send()
                .await
                .problem(401, "unauthenticated");
            if STAFF.contains(&name.as_str()) {
                customer
                    .client
                    .request(method, &url)
                    .json(&json!({}))
                    .send()
                    .await
                    .problem(403, "forbidden");
            }
        }
    }
    assert_eq!(open.len(), OPEN.len(), "{open:?}");
}
