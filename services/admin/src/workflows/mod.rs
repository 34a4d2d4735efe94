//! Operations of several steps on the panel's own database: each owns its transaction. What staff change here is written with its row of the
//! audit log or not at all.

pub mod analytics;
pub(crate) mod change_settings;
pub(crate) mod dead_letters;
pub(crate) mod idempotency;
pub(crate) mod messages;
pub(crate) mod verify_audit;
pub(crate) mod webhooks;

use http_kit::RequestId;
use primitives::{AuditId, EmailAddress, UserId};
use serde_json::Value;
use sqlx::PgConnection;

use crate::app::AppState;
use crate::session::Session;
use crate::store::audit::{self, DONE, Entry};

/// Notes what a member of staff did, as the last thing that the transaction of it writes.
async fn note(
    tx: &mut PgConnection,
    app: &AppState,
    session: &Session,
    action: &str,
    target: &str,
    details: Value,
) -> sqlx::Result<()> {
    let who = (session.user_id, &session.email);
    note_by(tx, app, who, action, target, details).await
}

/// The same of somebody who may have come by the REST API.
async fn note_by(
    tx: &mut PgConnection,
    app: &AppState,
    (user, email): (UserId, &EmailAddress),
    action: &str,
    target: &str,
    details: Value,
) -> sqlx::Result<()> {
    let now = app.clock.now();
    let request_id = RequestId::current();
    let entry = Entry {
        id: AuditId::new(now, &app.random),
        at: now,
        actor_id: Some(user),
        actor_email: email.as_str(),
        action,
        target,
        outcome: DONE,
        details,
        request_id: request_id.as_ref().map_or("", RequestId::as_str),
    };
    audit::insert(tx, &entry).await
}
