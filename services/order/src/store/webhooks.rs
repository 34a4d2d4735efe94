use primitives::Timestamp;
use serde_json::Value;
use sqlx::PgConnection;

use crate::payments::WebhookMessage;

/// A stored webhook message.
#[derive(Debug)]
pub(crate) struct WebhookEvent {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) payload: Value,
    pub(crate) attempts: i32,
    pub(crate) received_at: Timestamp,
}

/// Stores a message once by its id; false if it was there.
pub(crate) async fn insert(
    conn: &mut PgConnection,
    message: &WebhookMessage,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "INSERT INTO webhook_events (id, type, payload, api_version, received_at, next_try_at) VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT DO NOTHING",
        message.id,
        message.kind,
        message.payload,
        message.api_version,
        now as Timestamp
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes messages that are due, oldest first, and puts off their next try by a growing delay, so that a crash repeats them.
pub(crate) async fn claim_due(
    conn: &mut PgConnection,
    now: Timestamp,
    limit: i64,
) -> sqlx::Result<Vec<WebhookEvent>> {
    sqlx::query_as!(
        WebhookEvent,
        r#"UPDATE webhook_events
              SET attempts = attempts + 1, next_try_at = $1 + least(interval '5 seconds' * power(2, least(attempts, 10)), interval '1 hour')
            WHERE id IN (SELECT id FROM webhook_events WHERE processed_at IS NULL AND next_try_at <= $1
                          ORDER BY next_try_at LIMIT $2 FOR UPDATE SKIP LOCKED)
           RETURNING id, type AS kind, payload, attempts, received_at"#,
        now as Timestamp,
        limit
    )
    .fetch_all(conn)
    .await
}

pub(crate) async fn finish(
    conn: &mut PgConnection,
    id: &str,
    outcome: &str,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE webhook_events SET processed_at = $3, outcome = $2, error = NULL WHERE id = $1",
        id,
        outcome,
        now as Timestamp
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Deletes messages that were dealt with long ago, some at a time; how many.
pub(crate) async fn forget_before(
    conn: &mut PgConnection,
    oldest: Timestamp,
) -> sqlx::Result<usize> {
    let done = sqlx::query!(
        "DELETE FROM webhook_events WHERE id IN (
           SELECT id FROM webhook_events WHERE processed_at < $1 ORDER BY processed_at LIMIT 1000 FOR UPDATE SKIP LOCKED)",
        oldest as Timestamp
    )
    .execute(conn)
    .await?;
    Ok(usize::try_from(done.rows_affected()).unwrap_or(usize::MAX))
}

/// Notes what went wrong; the message stays due.
pub(crate) async fn fail(conn: &mut PgConnection, id: &str, error: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE webhook_events SET error = $2 WHERE id = $1",
        id,
        error
    )
    .execute(conn)
    .await?;
    Ok(())
}
