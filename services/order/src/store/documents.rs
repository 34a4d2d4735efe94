//! `documents` with their counters: issued once, never changed.

use std::collections::BTreeMap;

use primitives::{OrderId, OrderItemId, RefundId, Timestamp};
use sqlx::PgConnection;
use sqlx::types::Json;

use crate::domain::document::{Content, Kind, Tax};

/// A document that was issued.
#[derive(Debug)]
pub(crate) struct Issued {
    pub(crate) kind: String,
    pub(crate) number: String,
    pub(crate) refund_id: Option<RefundId>,
    pub(crate) content: Json<Content>,
    pub(crate) issued_at: Timestamp,
}

/// All of an order, oldest first.
pub(crate) async fn of_order(
    conn: &mut PgConnection,
    order: OrderId,
) -> Result<Vec<Issued>, sqlx::Error> {
    sqlx::query_as!(
        Issued,
        r#"SELECT kind, number, refund_id AS "refund_id: RefundId", content AS "content: Json<Content>", issued_at AS "issued_at: Timestamp"
             FROM documents WHERE order_id = $1 ORDER BY issued_at, kind DESC, serial"#,
        order as OrderId,
    )
    .fetch_all(conn)
    .await
}

/// The next number of a kind. Its counter is locked until the transaction ends, so this comes last.
pub(crate) async fn next_serial(conn: &mut PgConnection, kind: Kind) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        "UPDATE document_counters SET last = last + 1 WHERE kind = $1 RETURNING last",
        kind.as_str(),
    )
    .fetch_one(conn)
    .await
}

/// A document to be written.
pub(crate) struct New<'a> {
    pub(crate) kind: Kind,
    pub(crate) serial: i64,
    pub(crate) number: &'a str,
    pub(crate) order: OrderId,
    pub(crate) refund: Option<RefundId>,
    pub(crate) content: &'a Content,
    pub(crate) at: Timestamp,
}

/// Writes a document, and its number where it is looked for. One statement.
pub(crate) async fn insert(conn: &mut PgConnection, new: New<'_>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "WITH invoiced AS (UPDATE orders SET invoice_number = $3 WHERE id = $4 AND $1 = 'invoice'),
              credited AS (UPDATE refunds SET credit_note_number = $3 WHERE id = $5)
         INSERT INTO documents (kind, serial, number, order_id, refund_id, content, issued_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        new.kind.as_str(),
        new.serial,
        new.number,
        new.order as OrderId,
        new.refund as Option<RefundId>,
        Json(new.content) as _,
        new.at as Timestamp,
    )
    .execute(conn)
    .await
    .and_then(|done| super::exactly_one(&done))
}

/// The order's taxes, each kind of tax once.
pub(crate) async fn taxes(
    conn: &mut PgConnection,
    order: OrderId,
) -> Result<Vec<Tax>, sqlx::Error> {
    sqlx::query_as!(
        Tax,
        r#"SELECT name, rate_ppm, sum(base)::bigint AS "base!", sum(amount)::bigint AS "amount!"
             FROM order_taxes WHERE order_id = $1 GROUP BY name, rate_ppm ORDER BY rate_ppm DESC, name"#,
        order as OrderId,
    )
    .fetch_all(conn)
    .await
}

/// What each line is taxed with, all its taxes together, in millionths.
pub(crate) async fn rates(
    conn: &mut PgConnection,
    order: OrderId,
) -> Result<BTreeMap<OrderItemId, i64>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT order_item_id AS "id!: OrderItemId", sum(rate_ppm) AS "rate!"
             FROM order_taxes WHERE order_id = $1 AND order_item_id IS NOT NULL GROUP BY order_item_id"#,
        order as OrderId,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.rate)).collect())
}

/// Orders that were confirmed and paid lately and have no invoice, the earliest first.
pub(crate) async fn orders_due(
    conn: &mut PgConnection,
    since: Timestamp,
    limit: i64,
) -> Result<Vec<OrderId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT id AS "id: OrderId" FROM orders
            WHERE invoice_number IS NULL AND payment_status IN ('paid', 'partially_refunded', 'refunded') AND confirmed_at >= $1
            ORDER BY confirmed_at LIMIT $2"#,
        since as Timestamp,
        limit,
    )
    .fetch_all(conn)
    .await
}

/// Orders without an invoice whose money was held when they were confirmed, and taken lately.
pub(crate) async fn captures_due(
    conn: &mut PgConnection,
    since: Timestamp,
    limit: i64,
) -> Result<Vec<OrderId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT o.id AS "id: OrderId" FROM payment_captures c JOIN payments p ON p.id = c.payment_id JOIN orders o ON o.id = p.order_id
            WHERE c.status = 'succeeded' AND c.updated_at >= $1
              AND o.invoice_number IS NULL AND o.payment_status IN ('paid', 'partially_refunded', 'refunded')
            ORDER BY c.updated_at LIMIT $2"#,
        since as Timestamp,
        limit,
    )
    .fetch_all(conn)
    .await
}

/// Refunds that succeeded lately and have no credit note, with their orders.
pub(crate) async fn refunds_due(
    conn: &mut PgConnection,
    since: Timestamp,
    limit: i64,
) -> Result<Vec<OrderId>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT p.order_id AS "id: OrderId" FROM refunds r JOIN payments p ON p.id = r.payment_id
            WHERE r.credit_note_number IS NULL AND r.status = 'succeeded' AND r.updated_at >= $1
            ORDER BY r.updated_at LIMIT $2"#,
        since as Timestamp,
        limit,
    )
    .fetch_all(conn)
    .await
}

/// A refund that was done.
#[derive(Debug)]
pub(crate) struct Refunded {
    pub(crate) id: RefundId,
    pub(crate) amount: i64,
    /// It has its credit note already.
    pub(crate) credited: bool,
}

/// The order's refunds that were done, oldest first.
pub(crate) async fn refunds(
    conn: &mut PgConnection,
    order: OrderId,
) -> Result<Vec<Refunded>, sqlx::Error> {
    sqlx::query_as!(
        Refunded,
        r#"SELECT r.id AS "id: RefundId", r.amount, r.credit_note_number IS NOT NULL AS "credited!"
             FROM refunds r JOIN payments p ON p.id = r.payment_id
            WHERE p.order_id = $1 AND r.status = 'succeeded' ORDER BY r.created_at, r.id"#,
        order as OrderId,
    )
    .fetch_all(conn)
    .await
}
