//! Rows of the audit log.

use primitives::AuditId;
use serde_json::Value;
use sqlx::PgConnection;

use crate::app::AppState;
use crate::store::audit::{self, Actor, DONE, Entry};

/// What somebody does now: whoever acts, what, on what, what came of it, and what else there is to say of it.
pub(crate) fn entry<'a>(
    app: &AppState,
    actor: Actor<'a>,
    action: &'a str,
    target: &'a str,
    outcome: &'a str,
    details: Value,
) -> Entry<'a> {
    let at = app.clock.now();
    Entry {
        id: AuditId::new(at, &app.random),
        at,
        actor,
        action,
        target,
        outcome,
        details,
    }
}

/// Notes what was done, as the last thing that the transaction of it writes.
pub(super) async fn note(
    tx: &mut PgConnection,
    app: &AppState,
    actor: Actor<'_>,
    action: &str,
    target: &str,
    details: Value,
) -> sqlx::Result<()> {
    audit::insert(tx, &entry(app, actor, action, target, DONE, details)).await
}

/// Notes what has no transaction of the panel's: an act of another service, or that something was read.
pub(crate) async fn write(app: &AppState, entry: &Entry<'_>) -> sqlx::Result<()> {
    audit::insert(&mut *app.pool.acquire().await?, entry).await
}

/// Notes what came of something that the log says was asked for. It was done or refused all the same if that fails.
pub(crate) async fn write_outcome(app: &AppState, entry: &Entry<'_>) {
    if let Err(error) = write(app, entry).await {
        let Entry {
            action,
            target,
            outcome,
            ..
        } = entry;
        tracing::error!(%error, action, target, outcome, "an outcome is not in the audit log");
    }
}
