//! What staff see of deliveries.

use primitives::{DeliveryId, EventId, Timestamp, WebhookId};
use sqlx::PgConnection;

use crate::domain::webhooks::message::Message;

/// A delivery in a list.
#[derive(Debug)]
pub(crate) struct DeliveryRow {
    pub(crate) id: DeliveryId,
    pub(crate) kind: String,
    pub(crate) subject: String,
    pub(crate) occurred_at: Timestamp,
    pub(crate) status: String,
    pub(crate) tries: i32,
    pub(crate) next_try_at: Timestamp,
    pub(crate) last_status: Option<i32>,
}

/// Of one endpoint, newest first, before the given one.
pub(crate) async fn list(
    conn: &mut PgConnection,
    endpoint: WebhookId,
    status: &str,
    before: Option<DeliveryId>,
    limit: i64,
) -> sqlx::Result<Vec<DeliveryRow>> {
    sqlx::query_as!(
        DeliveryRow,
        r#"SELECT d.id AS "id: DeliveryId", m.type AS kind, m.subject, m.occurred_at, d.status, d.tries, d.next_try_at, d.last_status
             FROM webhook_deliveries d JOIN webhook_messages m ON m.id = d.message_id
            WHERE d.endpoint_id = $1 AND ($2 = '' OR d.status = $2) AND ($3::uuid IS NULL OR d.id < $3)
            ORDER BY d.id DESC LIMIT $4"#,
        endpoint.uuid(),
        status,
        before.map(DeliveryId::uuid),
        limit
    )
    .fetch_all(conn)
    .await
}

/// A delivery with what is sent.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub(crate) id: DeliveryId,
    pub(crate) personal_data: bool,
    pub(crate) url: String,
    pub(crate) status: String,
    pub(crate) tries: i32,
    pub(crate) next_try_at: Timestamp,
    pub(crate) finished_at: Option<Timestamp>,
    pub(crate) under_way: bool,
    pub(crate) message: Message,
}

pub(crate) async fn find(
    conn: &mut PgConnection,
    endpoint: WebhookId,
    id: DeliveryId,
) -> sqlx::Result<Option<Delivery>> {
    let row = sqlx::query!(
        r#"SELECT d.id AS "id: DeliveryId", e.personal_data, e.url, d.status, d.tries, d.next_try_at, d.finished_at,
             d.claimed_until IS NOT NULL AS "under_way!",
             m.id AS "message: EventId", m.type AS kind, m.subject, m.occurred_at, m.sequence, m.data
             FROM webhook_deliveries d JOIN webhook_messages m ON m.id = d.message_id JOIN webhook_endpoints e ON e.id = d.endpoint_id
            WHERE d.endpoint_id = $1 AND d.id = $2"#,
        endpoint.uuid(),
        id.uuid()
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Delivery {
        id: row.id,
        personal_data: row.personal_data,
        url: row.url,
        status: row.status,
        tries: row.tries,
        next_try_at: row.next_try_at,
        finished_at: row.finished_at,
        under_way: row.under_way,
        message: Message {
            id: row.message,
            kind: row.kind,
            subject: row.subject,
            occurred_at: row.occurred_at,
            sequence: row.sequence,
            data: row.data,
        },
    }))
}

/// A try.
#[derive(Debug)]
pub(crate) struct AttemptRow {
    pub(crate) at: Timestamp,
    pub(crate) url: String,
    pub(crate) signature: String,
    pub(crate) status: Option<i32>,
    pub(crate) answer: String,
    pub(crate) error: Option<String>,
    pub(crate) latency_ms: i32,
}

impl AttemptRow {
    pub(crate) fn got_through(&self) -> bool {
        self.status
            .is_some_and(|status| (200..300).contains(&status))
    }
}

/// The latest tries of a delivery, newest first.
pub(crate) async fn attempts(
    conn: &mut PgConnection,
    id: DeliveryId,
) -> sqlx::Result<Vec<AttemptRow>> {
    sqlx::query_as!(
        AttemptRow,
        "SELECT at, url, signature, status, answer, error, latency_ms FROM webhook_attempts WHERE delivery_id = $1 ORDER BY id DESC LIMIT 30",
        id.uuid()
    )
    .fetch_all(conn)
    .await
}
