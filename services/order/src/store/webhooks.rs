use primitives::{OrderId, Timestamp};
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

/// Stores a message once by its id; false if it was there. Whose it is: the order that it names, or that of the payment whose name it has, or, when the
/// customer has chosen to pay in another way since, that of earlier messages with this name.
pub(crate) async fn insert(
    conn: &mut PgConnection,
    message: &WebhookMessage,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "INSERT INTO webhook_events (id, type, payload, api_version, received_at, next_try_at, subject, trace_id, order_id)
         VALUES ($1, $2, $3, $4, $5, $5, $6, $7, coalesce(
                   (SELECT id FROM orders WHERE id = $8),
                   (SELECT order_id FROM payments WHERE provider = 'stripe' AND (provider_ref = $6 OR session_ref = $6) LIMIT 1),
                   (SELECT order_id FROM webhook_events WHERE subject = $6 AND order_id IS NOT NULL LIMIT 1)))
         ON CONFLICT DO NOTHING",
        message.id,
        message.kind,
        message.payload,
        message.api_version,
        now as Timestamp,
        subject_of(&message.payload),
        runtime::trace::trace_id(),
        named_order(&message.payload) as Option<OrderId>,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The provider's name of the payment that a message is about, or of the page on which one pays.
fn subject_of(payload: &Value) -> Option<&str> {
    let object = &payload["data"]["object"];
    object["payment_intent"]
        .as_str()
        .or_else(|| object["id"].as_str())
}

/// The order that we named when we asked for what a message is about.
fn named_order(payload: &Value) -> Option<OrderId> {
    let named = payload["data"]["object"]["metadata"]["order_id"].as_str()?;
    named.parse().ok()
}

/// A message as it came.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) kind: String,
    pub(crate) payload: Value,
    /// The order that it is about, if that is known.
    pub(crate) order_id: Option<OrderId>,
    pub(crate) received_at: Timestamp,
    pub(crate) processed_at: Option<Timestamp>,
    pub(crate) outcome: Option<String>,
    pub(crate) attempts: i32,
    pub(crate) error: Option<String>,
}

pub(crate) async fn find(conn: &mut PgConnection, id: &str) -> sqlx::Result<Option<Stored>> {
    sqlx::query_as!(
        Stored,
        r#"SELECT type AS kind, payload, order_id AS "order_id: OrderId", received_at, processed_at AS "processed_at: Timestamp", outcome, attempts, error
             FROM webhook_events WHERE id = $1"#,
        id
    )
    .fetch_optional(conn)
    .await
}

/// Makes a message due as if it had just come; whether it was not due already.
pub(crate) async fn again(conn: &mut PgConnection, id: &str, now: Timestamp) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "UPDATE webhook_events SET processed_at = NULL, outcome = NULL, error = NULL, attempts = 0, next_try_at = $2
          WHERE id = $1 AND (processed_at IS NOT NULL OR next_try_at > $2)",
        id,
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

/// It is dealt with, or given up: then why the last try failed stays.
pub(crate) async fn finish(
    conn: &mut PgConnection,
    id: &str,
    outcome: &str,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE webhook_events SET processed_at = $3, outcome = $2, error = CASE WHEN $2 = 'failed' THEN error END WHERE id = $1",
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
