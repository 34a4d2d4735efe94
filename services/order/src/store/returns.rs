//! `returns`: what customers want to send back, and what became of it. The order's lock guards them.

use primitives::{Currency, Money, OrderId, OrderItemId, RefundId, ReturnId, Timestamp};
use sqlx::PgConnection;
use sqlx::types::Uuid;

use crate::domain::refund::RefundState;
use crate::domain::returns::{Condition, ReturnReason, ReturnStatus};

/// A return without its lines.
#[derive(Debug, Clone)]
pub(crate) struct Return {
    pub(crate) id: ReturnId,
    pub(crate) order_id: OrderId,
    /// For people.
    pub(crate) number: String,
    pub(crate) status: ReturnStatus,
    pub(crate) comment: Option<String>,
    pub(crate) actor: String,
    pub(crate) answer: Option<String>,
    pub(crate) refund: Option<ReturnRefund>,
    pub(crate) requested_at: Timestamp,
    pub(crate) decided_at: Option<Timestamp>,
    pub(crate) received_at: Option<Timestamp>,
}

/// The money of a return.
#[derive(Debug, Clone)]
pub(crate) struct ReturnRefund {
    pub(crate) id: RefundId,
    pub(crate) state: RefundState,
    pub(crate) amount: Money,
}

impl Return {
    /// Whether its refund came to nothing, so that it may be asked for again.
    pub(crate) fn is_refundable_again(&self) -> bool {
        let lost = |refund: &ReturnRefund| refund.state.came_to_nothing();
        self.status == ReturnStatus::Refunded && self.refund.as_ref().is_some_and(lost)
    }
}

/// Units of a line in a return.
#[derive(Debug, Clone)]
pub(crate) struct ReturnItem {
    pub(crate) return_id: ReturnId,
    pub(crate) order_item_id: OrderItemId,
    pub(crate) quantity: i32,
    pub(crate) reason: ReturnReason,
    pub(crate) received: i32,
    pub(crate) condition: Option<Condition>,
    pub(crate) restock: Option<bool>,
}

struct Row {
    id: ReturnId,
    order_id: OrderId,
    number: i64,
    position: i32,
    currency: String,
    status: String,
    comment: Option<String>,
    actor: String,
    answer: Option<String>,
    refund_id: Option<RefundId>,
    refund_status: Option<String>,
    refund_amount: Option<i64>,
    requested_at: Timestamp,
    decided_at: Option<Timestamp>,
    received_at: Option<Timestamp>,
}

impl TryFrom<Row> for Return {
    type Error = sqlx::Error;
    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        let currency: Currency = super::parse(&row.currency)?;
        let refund = match (row.refund_id, row.refund_status, row.refund_amount) {
            (Some(id), Some(status), Some(amount)) => Some(ReturnRefund {
                id,
                state: super::parse(&status)?,
                amount: Money::new(amount, currency),
            }),
            _ => None,
        };
        Ok(Self {
            id: row.id,
            order_id: row.order_id,
            number: number(row.number, row.position),
            status: super::parse(&row.status)?,
            comment: row.comment,
            actor: row.actor,
            answer: row.answer,
            refund,
            requested_at: row.requested_at,
            decided_at: row.decided_at,
            received_at: row.received_at,
        })
    }
}

/// A return's number for people, which says of which order it is.
fn number(order: i64, position: i32) -> String {
    format!("{order}-R{position}")
}

/// A statement that answers whole returns; `$rest` follows `FROM returns r …`.
macro_rules! select {
    ($rest:literal, $($argument:expr),* $(,)?) => {
        sqlx::query_as!(
            Row,
            r#"SELECT r.id AS "id: ReturnId", r.order_id AS "order_id: OrderId", o.number AS "number!", r.position, o.currency, r.status, r.comment, r.actor,
                      r.answer, f.id AS "refund_id?: RefundId", f.status AS "refund_status?", f.amount AS "refund_amount?", r.requested_at,
                      r.decided_at AS "decided_at: Timestamp", r.received_at AS "received_at: Timestamp"
                 FROM returns r JOIN orders o ON o.id = r.order_id LEFT JOIN refunds f ON f.id = r.refund_id "# + $rest,
            $($argument),*
        )
    };
}

pub(crate) async fn find(
    conn: &mut PgConnection,
    id: ReturnId,
) -> Result<Option<Return>, sqlx::Error> {
    select!("WHERE r.id = $1", id as ReturnId)
        .fetch_optional(conn)
        .await?
        .map(Return::try_from)
        .transpose()
}

/// An order's returns, oldest first.
pub(crate) async fn of_order(
    conn: &mut PgConnection,
    order: OrderId,
) -> Result<Vec<Return>, sqlx::Error> {
    select!(
        "WHERE r.order_id = $1 ORDER BY r.position",
        order as OrderId
    )
    .fetch_all(conn)
    .await?
    .into_iter()
    .map(Return::try_from)
    .collect()
}

/// All returns, newest first.
pub(crate) async fn list(
    conn: &mut PgConnection,
    status: Option<ReturnStatus>,
    after: Option<ReturnId>,
    limit: i64,
) -> Result<Vec<Return>, sqlx::Error> {
    select!(
        "WHERE ($1::text IS NULL OR r.status = $1) AND r.id < coalesce($2, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
         ORDER BY r.id DESC LIMIT $3",
        status.map(ReturnStatus::as_str),
        after as Option<ReturnId>,
        limit,
    )
    .fetch_all(conn)
    .await?
    .into_iter()
    .map(Return::try_from)
    .collect()
}

/// The lines of several returns.
pub(crate) async fn items(
    conn: &mut PgConnection,
    returns: &[ReturnId],
) -> Result<Vec<ReturnItem>, sqlx::Error> {
    let returns: Vec<Uuid> = returns.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query!(
        r#"SELECT return_id AS "return_id: ReturnId", order_item_id AS "order_item_id: OrderItemId", quantity, reason, received, condition, restock
             FROM return_items WHERE return_id = ANY($1) ORDER BY return_id, order_item_id"#,
        &returns,
    )
    .fetch_all(conn)
    .await?;
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        items.push(ReturnItem {
            return_id: row.return_id,
            order_item_id: row.order_item_id,
            quantity: row.quantity,
            reason: super::parse(&row.reason)?,
            received: row.received,
            condition: row.condition.as_deref().map(super::parse).transpose()?,
            restock: row.restock,
        });
    }
    Ok(items)
}

/// How many units of each line are promised to returns that are under way.
pub(crate) async fn under_way(
    conn: &mut PgConnection,
    order: OrderId,
) -> Result<Vec<(OrderItemId, i32)>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT i.order_item_id AS "id: OrderItemId", sum(i.quantity)::int AS "quantity!"
             FROM return_items i JOIN returns r ON r.id = i.return_id
            WHERE r.order_id = $1 AND r.status IN ('requested', 'approved') GROUP BY i.order_item_id"#,
        order as OrderId,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.quantity)).collect())
}

/// When the last parcel of the order arrived; none if one is still on its way.
pub(crate) async fn arrived_at(
    conn: &mut PgConnection,
    order: OrderId,
) -> Result<Option<Timestamp>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT CASE WHEN bool_and(delivered_at IS NOT NULL) THEN max(delivered_at) END AS "at: Timestamp" FROM shipments WHERE order_id = $1"#,
        order as OrderId,
    )
    .fetch_one(conn)
    .await
}

/// A return to be written.
#[derive(Debug)]
pub(crate) struct NewReturn<'a> {
    pub(crate) id: ReturnId,
    pub(crate) order: OrderId,
    pub(crate) comment: Option<&'a str>,
    pub(crate) actor: &'a str,
    pub(crate) items: &'a [(OrderItemId, i32, ReturnReason)],
    pub(crate) at: Timestamp,
}

/// Writes a return and its lines with one statement. The order must be locked.
pub(crate) async fn insert(
    conn: &mut PgConnection,
    new: &NewReturn<'_>,
) -> Result<(), sqlx::Error> {
    let ids: Vec<Uuid> = new.items.iter().map(|(id, ..)| id.uuid()).collect();
    let quantities: Vec<i32> = new.items.iter().map(|(_, quantity, _)| *quantity).collect();
    let reasons: Vec<String> = new
        .items
        .iter()
        .map(|(.., reason)| reason.as_str().to_owned())
        .collect();
    sqlx::query!(
        "WITH new AS (
           INSERT INTO returns (id, order_id, position, status, comment, actor, requested_at, updated_at)
           VALUES ($1, $2, (SELECT count(*) + 1 FROM returns WHERE order_id = $2), 'requested', $3, $4, $5, $5) RETURNING id)
         INSERT INTO return_items (return_id, order_item_id, quantity, reason)
         SELECT new.id, item.id, item.quantity, item.reason FROM new, unnest($6::uuid[], $7::int[], $8::text[]) AS item (id, quantity, reason)",
        new.id as ReturnId,
        new.order as OrderId,
        new.comment,
        new.actor,
        new.at as Timestamp,
        &ids,
        &quantities,
        &reasons,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Writes where a return is from now on, and what the shop said about it.
pub(crate) async fn decide(
    conn: &mut PgConnection,
    id: ReturnId,
    status: ReturnStatus,
    answer: Option<&str>,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE returns SET status = $2, answer = coalesce($3, answer), decided_at = $4, updated_at = $4 WHERE id = $1",
        id as ReturnId,
        status.as_str(),
        answer,
        now as Timestamp,
    )
    .execute(conn)
    .await
    .and_then(|done| super::exactly_one(&done))
}

/// What came of a line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Received {
    pub(crate) item: OrderItemId,
    pub(crate) quantity: i32,
    pub(crate) condition: Condition,
    pub(crate) restock: bool,
}

/// Writes what came, at the return and at the order's lines.
pub(crate) async fn receive(
    conn: &mut PgConnection,
    id: ReturnId,
    lines: &[Received],
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let ids: Vec<Uuid> = lines.iter().map(|line| line.item.uuid()).collect();
    let quantities: Vec<i32> = lines.iter().map(|line| line.quantity).collect();
    let conditions: Vec<String> = lines
        .iter()
        .map(|line| line.condition.as_str().to_owned())
        .collect();
    let restock: Vec<bool> = lines.iter().map(|line| line.restock).collect();
    sqlx::query!(
        "WITH line AS (
           SELECT * FROM unnest($2::uuid[], $3::int[], $4::text[], $5::bool[]) AS l (id, quantity, condition, restock)
         ), judged AS (
           UPDATE return_items i SET received = line.quantity, condition = line.condition, restock = line.restock
             FROM line WHERE i.return_id = $1 AND i.order_item_id = line.id
         ), counted AS (
           UPDATE order_items i SET returned = i.returned + line.quantity FROM line WHERE i.id = line.id
         )
         UPDATE returns SET status = 'received', received_at = $6, decided_at = coalesce(decided_at, $6), updated_at = $6 WHERE id = $1",
        id as ReturnId,
        &ids,
        &quantities,
        &conditions,
        &restock,
        now as Timestamp,
    )
    .execute(conn)
    .await
    .and_then(|done| super::exactly_one(&done))
}

/// What refunds of an order's returns give back beyond what the units are worth: shipping, or goodwill. The order must be locked.
pub(crate) async fn refunded_beyond(
    conn: &mut PgConnection,
    order: OrderId,
) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT coalesce(sum(greatest(r.amount - units.worth, 0)), 0)::bigint AS "beyond!"
             FROM returns t JOIN refunds r ON r.id = t.refund_id AND r.status IN ('pending', 'succeeded'),
                  LATERAL (SELECT coalesce(sum(amount), 0) AS worth FROM refund_items WHERE refund_id = r.id) units
            WHERE t.order_id = $1"#,
        order as OrderId,
    )
    .fetch_one(conn)
    .await
}

/// Writes which refund gives a return's money back.
pub(crate) async fn refund(
    conn: &mut PgConnection,
    id: ReturnId,
    refund: RefundId,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE returns SET status = 'refunded', refund_id = $2, updated_at = $3 WHERE id = $1",
        id as ReturnId,
        refund as RefundId,
        now as Timestamp,
    )
    .execute(conn)
    .await
    .and_then(|done| super::exactly_one(&done))
}
