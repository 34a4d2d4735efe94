//! Who may do what by the REST API: every operation of the OpenAPI document has a case here.

use auth_token::Role;
use auth_token::denylist::Revocation;
use runtime::Service as _;
use testkit::authorisation::{Matrix, Needs};

use crate::panel::Panel;

const STAFF: &[Role] = &[Role::Support, Role::Admin];

const CASES: &[(&str, Needs)] = &[
    ("get /api/messages", Needs::SignedIn),
    ("post /api/messages", Needs::SignedIn),
    ("get /api/messages/unread", Needs::SignedIn),
    ("get /api/messages/{id}", Needs::SignedIn),
    ("patch /api/messages/{id}", Needs::SignedIn),
    ("get /api/messages/{id}/messages", Needs::SignedIn),
    ("post /api/messages/{id}/messages", Needs::SignedIn),
    ("post /api/messages/{id}/read", Needs::SignedIn),
    ("put /api/messages/{id}/assignee", Needs::Role(STAFF)),
    ("get /api/notifications", Needs::SignedIn),
    ("post /api/notifications/read", Needs::SignedIn),
    ("get /api/notifications/preferences", Needs::SignedIn),
    ("put /api/notifications/preferences", Needs::SignedIn),
    ("patch /api/notifications/{id}", Needs::SignedIn),
];

/// Has no end that could be waited for; `notifications.rs` follows it.
const STREAM: &str = "/api/notifications/stream";

#[tokio::test]
async fn every_operation_lets_in_who_may_and_nobody_else() {
    let panel = Panel::open().await;
    let gone = panel.account(Role::Customer).await;
    let claims = panel.claims(&gone, Role::Customer);
    panel.denied.deny(
        Revocation::Session(claims.sid),
        panel.clock.now() + std::time::Duration::from_secs(3600),
    );
    let mut document: serde_json::Value =
        serde_json::from_str(&admin::App::openapi().unwrap()).unwrap();
    document["paths"].as_object_mut().unwrap().remove(STREAM);
    let matrix = Matrix {
        document: &document,
        cases: CASES,
        client: panel.client.clone(),
        signer: &panel.signer,
        revoked: panel.signer.sign(&claims).unwrap(),
        service: panel.auth_keys.token("admin", None).unwrap(),
    };
    matrix
        .check(async |role| {
            let user = panel.account(role).await;
            panel.claims(&user, role)
        })
        .await;
    for token in ["", "nonsense"] {
        panel
            .client
            .get(STREAM)
            .bearer(token)
            .send()
            .await
            .problem(401, "unauthenticated");
    }
}
