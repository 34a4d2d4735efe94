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
    /// Its place among the order's entries, which the database gives; 0 before.
    pub(crate) seq: i64,
}

impl OrderEvent {
    /// Whether customers do not see it.
    pub(crate) fn is_between_staff(&self) -> bool {
        matches!(self.kind.as_str(), "note" | "order.tagged")
    }
}

/// Adds an entry, with the trace of what is being done.
pub(crate) async fn insert(
    conn: &mut PgConnection,
    order: OrderId,
    event: &OrderEvent,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO order_events (id, order_id, type, at, actor, message, data, trace_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        event.id as OrderEventId,
        order as OrderId,
        event.kind,
        event.at as Timestamp,
        event.actor,
        event.message,
        event.data,
        runtime::trace::trace_id(),
    )
    .execute(conn)
    .await
    .and_then(|done| super::exactly_one(&done))
}

/// What staff noted, newest first.
pub(crate) async fn notes(
    conn: &mut PgConnection,
    order: OrderId,
) -> Result<Vec<OrderEvent>, sqlx::Error> {
    sqlx::query_as!(
        OrderEvent,
        r#"SELECT id AS "id: OrderEventId", type AS kind, at, actor, message, data, seq FROM order_events
            WHERE order_id = $1 AND type = 'note' ORDER BY seq DESC"#,
        order as OrderId,
    )
    .fetch_all(conn)
    .await
}

/// Where an entry of the order is in the timeline.
pub(crate) async fn place(
    conn: &mut PgConnection,
    order: OrderId,
    entry: OrderEventId,
) -> Result<Option<i64>, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT seq FROM order_events WHERE id = $1 AND order_id = $2",
        entry as OrderEventId,
        order as OrderId,
    )
    .fetch_optional(conn)
    .await
}

/// The timeline after a place, oldest first.
pub(crate) async fn after(
    conn: &mut PgConnection,
    order: OrderId,
    seq: i64,
) -> Result<Vec<OrderEvent>, sqlx::Error> {
    sqlx::query_as!(
        OrderEvent,
        r#"SELECT id AS "id: OrderEventId", type AS kind, at, actor, message, data, seq FROM order_events WHERE order_id = $1 AND seq > $2 ORDER BY seq"#,
        order as OrderId,
        seq,
    )
    .fetch_all(conn)
    .await
}

/// The whole timeline, oldest first.
pub(crate) async fn list(
    conn: &mut PgConnection,
    order: OrderId,
) -> Result<Vec<OrderEvent>, sqlx::Error> {
    sqlx::query_as!(
        OrderEvent,
        r#"SELECT id AS "id: OrderEventId", type AS kind, at, actor, message, data, seq FROM order_events WHERE order_id = $1 ORDER BY seq"#,
        order as OrderId,
    )
    .fetch_all(conn)
    .await
}
