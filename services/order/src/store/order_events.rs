//! `order_events`: the timeline, append-only.

use primitives::{OrderEventId, OrderId, Timestamp};
use serde_json::Value;
use sqlx::PgConnection;

/// An entry.
#[derive(Debug, Clone)]
pub(crate) struct OrderEvent {
    pub(crate) id: OrderEventId,
    pub(crate) kind: String,
    pub(crate) at: Timestamp,
    pub(crate) actor: String,
    pub(crate) message: String,
    pub(crate) data: Value,
}

/// Adds an entry.
pub(crate) async fn insert(
    conn: &mut PgConnection,
    order: OrderId,
    event: &OrderEvent,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO order_events (id, order_id, type, at, actor, message, data) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        event.id as OrderEventId,
        order as OrderId,
        event.kind,
        event.at as Timestamp,
        event.actor,
        event.message,
        event.data,
    )
    .execute(conn)
    .await
    .and_then(|done| super::exactly_one(&done))
}

/// The whole timeline, oldest first.
pub(crate) async fn list(
    conn: &mut PgConnection,
    order: OrderId,
) -> Result<Vec<OrderEvent>, sqlx::Error> {
    sqlx::query_as!(
        OrderEvent,
        r#"SELECT id AS "id: OrderEventId", type AS kind, at, actor, message, data FROM order_events WHERE order_id = $1 ORDER BY at, id"#,
        order as OrderId,
    )
    .fetch_all(conn)
    .await
}
