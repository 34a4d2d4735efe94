//! The table of mails.

use std::time::Duration;

use anyhow::ensure;
use primitives::{EventId, Timestamp};
use serde_json::Value;
use sqlx::{PgConnection, PgPool};

/// The channel on which a new row wakes the sender.
pub(crate) const CHANNEL: &str = "notification_mails";

/// A mail that was just asked for.
pub(crate) struct New<'a> {
    pub(crate) id: EventId,
    pub(crate) recipient: &'a str,
    pub(crate) template: &'static str,
    pub(crate) subject: &'a str,
    pub(crate) content: Value,
    pub(crate) traceparent: Option<&'a str>,
}

/// A mail that this process is to send now.
pub(crate) struct Claimed {
    pub(crate) id: EventId,
    pub(crate) recipient: String,
    pub(crate) subject: String,
    pub(crate) content: Value,
    pub(crate) template: String,
    pub(crate) traceparent: Option<String>,
    pub(crate) attempts: i32,
}

/// Writes the row and wakes a sender at commit.
pub(crate) async fn insert(
    tx: &mut PgConnection,
    new: &New<'_>,
    now: Timestamp,
) -> sqlx::Result<()> {
    let inserted = sqlx::query!(
        "INSERT INTO mails (id, recipient, template, subject, content, traceparent, next_attempt_at, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7)",
        new.id.uuid(),
        new.recipient,
        new.template,
        new.subject,
        new.content,
        new.traceparent,
        now as Timestamp,
    )
    .execute(&mut *tx)
    .await?;
    debug_assert_eq!(inserted.rows_affected(), 1);
    sqlx::query!("SELECT pg_notify($1, '')", CHANNEL)
        .execute(tx)
        .await?;
    Ok(())
}

/// Takes up to `limit` mails that are due. Nobody else gets them until `lease` is over, by which time they are sent, put off or
/// their sender is dead.
pub(crate) async fn claim(
    pool: &PgPool,
    limit: i64,
    now: Timestamp,
    lease: Duration,
) -> sqlx::Result<Vec<Claimed>> {
    sqlx::query_as!(
        Claimed,
        r#"UPDATE mails SET attempts = attempts + 1, next_attempt_at = $2
           WHERE id IN (
               SELECT id FROM mails WHERE status = 'pending' AND next_attempt_at <= $1
               ORDER BY next_attempt_at LIMIT $3 FOR UPDATE SKIP LOCKED
           )
           RETURNING id AS "id: EventId", recipient, subject, content AS "content!", template, traceparent, attempts"#,
        now as Timestamp,
        (now + lease) as Timestamp,
        limit,
    )
    .fetch_all(pool)
    .await
}

/// The server has taken it. Its content is forgotten.
pub(crate) async fn sent(pool: &PgPool, id: EventId, now: Timestamp) -> anyhow::Result<()> {
    let updated = sqlx::query!(
        "UPDATE mails SET status = 'sent', sent_at = $2, content = NULL, last_error = NULL WHERE id = $1 AND status = 'pending'",
        id.uuid(),
        now as Timestamp,
    )
    .execute(pool)
    .await?;
    ensure!(
        updated.rows_affected() == 1,
        "mail {id} was not pending any more"
    );
    Ok(())
}

/// It will be tried again.
pub(crate) async fn put_off(
    pool: &PgPool,
    id: EventId,
    until: Timestamp,
    error: &str,
) -> anyhow::Result<()> {
    let updated = sqlx::query!(
        "UPDATE mails SET next_attempt_at = $2, last_error = $3 WHERE id = $1 AND status = 'pending'",
        id.uuid(),
        until as Timestamp,
        error,
    )
    .execute(pool)
    .await?;
    ensure!(
        updated.rows_affected() == 1,
        "mail {id} was not pending any more"
    );
    Ok(())
}

/// It was tried for the last time.
pub(crate) async fn failed(
    pool: &PgPool,
    id: EventId,
    now: Timestamp,
    error: &str,
) -> anyhow::Result<()> {
    let updated = sqlx::query!(
        "UPDATE mails SET status = 'failed', failed_at = $2, last_error = $3 WHERE id = $1 AND status = 'pending'",
        id.uuid(),
        now as Timestamp,
        error,
    )
    .execute(pool)
    .await?;
    ensure!(
        updated.rows_affected() == 1,
        "mail {id} was not pending any more"
    );
    Ok(())
}
