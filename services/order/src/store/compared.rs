//! Payments and refunds as the comparison with the provider reads them.

use primitives::{OrderId, PaymentId, RefundId, Timestamp};
use sqlx::PgConnection;
use uuid::Uuid;

use super::parse;
use crate::domain::reconciling::{OurPayment, OurRefund};

struct PaymentRow {
    id: PaymentId,
    order_id: OrderId,
    status: String,
    provider_ref: Option<String>,
    amount: i64,
    amount_captured: i64,
}

impl TryFrom<PaymentRow> for OurPayment {
    type Error = sqlx::Error;
    fn try_from(row: PaymentRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.id,
            order_id: row.order_id,
            state: parse(&row.status)?,
            reference: row.provider_ref,
            amount: row.amount,
            captured: row.amount_captured,
        })
    }
}

struct RefundRow {
    id: RefundId,
    order_id: OrderId,
    status: String,
    provider_ref: Option<String>,
    amount: i64,
}

impl TryFrom<RefundRow> for OurRefund {
    type Error = sqlx::Error;
    fn try_from(row: RefundRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.id,
            order_id: row.order_id,
            state: parse(&row.status)?,
            reference: row.provider_ref,
            amount: row.amount,
        })
    }
}

fn all<R, T: TryFrom<R, Error = sqlx::Error>>(rows: Vec<R>) -> sqlx::Result<Vec<T>> {
    rows.into_iter().map(T::try_from).collect()
}

/// Payments that Stripe names by its ids, or by ours.
pub(crate) async fn payments_named(
    conn: &mut PgConnection,
    references: &[String],
    ids: &[Uuid],
) -> sqlx::Result<Vec<OurPayment>> {
    let rows = sqlx::query_as!(
        PaymentRow,
        r#"SELECT id AS "id: PaymentId", order_id AS "order_id: OrderId", status, provider_ref, amount, amount_captured
             FROM payments WHERE (provider = 'stripe' AND provider_ref = ANY($1)) OR id = ANY($2)"#,
        references,
        ids
    )
    .fetch_all(conn)
    .await?;
    all(rows)
}

/// Payments made within a time that Stripe should know, in the order of their ids.
pub(crate) async fn payments_between(
    conn: &mut PgConnection,
    (from, until): (Timestamp, Timestamp),
    after: Uuid,
    limit: i64,
) -> sqlx::Result<Vec<OurPayment>> {
    let rows = sqlx::query_as!(
        PaymentRow,
        r#"SELECT id AS "id: PaymentId", order_id AS "order_id: OrderId", status, provider_ref, amount, amount_captured
             FROM payments
            WHERE id >= uuid_floor($1) AND id < uuid_floor($2) AND id > $3 AND provider = 'stripe' AND provider_ref IS NOT NULL
            ORDER BY id LIMIT $4"#,
        from as Timestamp,
        until as Timestamp,
        after,
        limit
    )
    .fetch_all(conn)
    .await?;
    all(rows)
}

/// Refunds that Stripe names by its ids, or by ours.
pub(crate) async fn refunds_named(
    conn: &mut PgConnection,
    references: &[String],
    ids: &[Uuid],
) -> sqlx::Result<Vec<OurRefund>> {
    let rows = sqlx::query_as!(
        RefundRow,
        r#"SELECT r.id AS "id: RefundId", p.order_id AS "order_id: OrderId", r.status, r.provider_ref, r.amount
             FROM refunds r JOIN payments p ON p.id = r.payment_id
            WHERE p.provider = 'stripe' AND (r.provider_ref = ANY($1) OR r.id = ANY($2))"#,
        references,
        ids
    )
    .fetch_all(conn)
    .await?;
    all(rows)
}

/// Refunds made within a time that Stripe should know, in the order of their ids. Those that it refused have no id of its.
pub(crate) async fn refunds_between(
    conn: &mut PgConnection,
    (from, until): (Timestamp, Timestamp),
    after: Uuid,
    limit: i64,
) -> sqlx::Result<Vec<OurRefund>> {
    let rows = sqlx::query_as!(
        RefundRow,
        r#"SELECT r.id AS "id: RefundId", p.order_id AS "order_id: OrderId", r.status, r.provider_ref, r.amount
             FROM refunds r JOIN payments p ON p.id = r.payment_id
            WHERE r.id >= uuid_floor($1) AND r.id < uuid_floor($2) AND r.id > $3 AND p.provider = 'stripe' AND r.provider_ref NOT LIKE 'refused-%'
            ORDER BY r.id LIMIT $4"#,
        from as Timestamp,
        until as Timestamp,
        after,
        limit
    )
    .fetch_all(conn)
    .await?;
    all(rows)
}
