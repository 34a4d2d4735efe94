//! `saga_steps`: what has to happen elsewhere because of what was decided here. Triggers keep the steps of money beside the rows that make the
//! work; those of stock are written here.

use primitives::{OrderId, Timestamp};
use sqlx::PgConnection;
use uuid::Uuid;

/// One act that is to be done elsewhere, or was.
#[derive(Debug, Clone)]
pub(crate) struct SagaStep {
    pub(crate) order_id: OrderId,
    pub(crate) step: String,
    /// The order, payment, capture or refund.
    pub(crate) subject: Uuid,
    pub(crate) status: String,
    pub(crate) attempts: i32,
    pub(crate) next_try_at: Timestamp,
    pub(crate) error: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// Product is to take (`stock.take`) or give back (`stock.release`) the order's units. An event tells it; from `check_at` on we ask whether it did. The other of
/// the two has no meaning any more.
pub(crate) async fn expect_of_stock(
    conn: &mut PgConnection,
    order: OrderId,
    step: &str,
    check_at: Timestamp,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "WITH over AS (UPDATE saga_steps SET status = 'done', updated_at = $4 WHERE order_id = $1 AND step = 'stock.take' AND step <> $2 AND status = 'pending')
         INSERT INTO saga_steps (order_id, step, subject, status, next_try_at, created_at, updated_at, trace_id) VALUES ($1, $2, $1, 'pending', $3, $4, $4, $5)
         ON CONFLICT DO NOTHING",
        order as OrderId,
        step,
        check_at as Timestamp,
        now as Timestamp,
        runtime::trace::trace_id(),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Takes steps of stock that are due and puts off their next try by a growing delay, so that a crash repeats them.
pub(crate) async fn claim_stock(
    conn: &mut PgConnection,
    now: Timestamp,
    limit: i64,
) -> sqlx::Result<Vec<(OrderId, String)>> {
    let rows = sqlx::query!(
        r#"UPDATE saga_steps
              SET attempts = attempts + 1, updated_at = $1, next_try_at = $1 + least(interval '30 seconds' * power(2, least(attempts, 10)), interval '1 hour')
            WHERE (order_id, step) IN (SELECT order_id, step FROM saga_steps
                                        WHERE status = 'pending' AND step IN ('stock.take', 'stock.release') AND next_try_at <= $1
                                        ORDER BY next_try_at LIMIT $2 FOR UPDATE SKIP LOCKED)
           RETURNING order_id AS "order_id: OrderId", step"#,
        now as Timestamp,
        limit
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.order_id, row.step))
        .collect())
}

/// The step is done.
pub(crate) async fn finish_stock(
    conn: &mut PgConnection,
    order: OrderId,
    step: &str,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE saga_steps SET status = 'done', error = NULL, updated_at = $3 WHERE order_id = $1 AND step = $2",
        order as OrderId,
        step,
        now as Timestamp
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Why the last try of a step came to nothing.
pub(crate) async fn note_error(
    conn: &mut PgConnection,
    step: &str,
    subject: Uuid,
    error: &str,
    now: Timestamp,
) -> sqlx::Result<()> {
    let error: String = error.chars().take(500).collect();
    sqlx::query!(
        "UPDATE saga_steps SET error = $3, updated_at = $4
          WHERE order_id = (SELECT CASE WHEN $1 LIKE 'stock.%' THEN $2
                                        WHEN $1 = 'payment.stop' THEN (SELECT order_id FROM payments WHERE id = $2)
                                        WHEN $1 = 'refund' THEN (SELECT p.order_id FROM refunds r JOIN payments p ON p.id = r.payment_id WHERE r.id = $2)
                                        ELSE (SELECT p.order_id FROM payment_captures c JOIN payments p ON p.id = c.payment_id WHERE c.id = $2) END)
            AND step = $1 AND subject = $2",
        step,
        subject,
        error,
        now as Timestamp
    )
    .execute(conn)
    .await
    .map(drop)
}

/// All steps of some orders, oldest first.
pub(crate) async fn of_orders(
    conn: &mut PgConnection,
    orders: &[OrderId],
) -> sqlx::Result<Vec<SagaStep>> {
    let orders: Vec<Uuid> = orders.iter().map(|order| order.uuid()).collect();
    sqlx::query_as!(
        SagaStep,
        r#"SELECT order_id AS "order_id: OrderId", step, subject, status, attempts, next_try_at AS "next_try_at: Timestamp", error,
                  created_at AS "created_at: Timestamp", updated_at AS "updated_at: Timestamp"
             FROM saga_steps WHERE order_id = ANY($1) ORDER BY order_id DESC, created_at, step, subject"#,
        &orders
    )
    .fetch_all(conn)
    .await
}

/// Orders with something open, newest first: every one, or those of which a step failed or has been open since before `since`.
pub(crate) async fn open_orders(
    conn: &mut PgConnection,
    stuck_since: Option<Timestamp>,
    after: Option<OrderId>,
    limit: i64,
) -> sqlx::Result<Vec<(OrderId, i64)>> {
    let rows = sqlx::query!(
        r#"SELECT o.id AS "id: OrderId", o.number AS "number!"
             FROM (SELECT DISTINCT order_id FROM saga_steps
                    WHERE status <> 'done' AND ($1::timestamptz IS NULL OR status = 'failed' OR created_at < $1)
                      AND ($2::uuid IS NULL OR order_id < $2)
                    ORDER BY order_id DESC LIMIT $3) open
             JOIN orders o ON o.id = open.order_id
            ORDER BY o.id DESC"#,
        stuck_since as Option<Timestamp>,
        after.map(OrderId::uuid),
        limit
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.number)).collect())
}

/// Makes everything of an order due that waits for its next try.
pub(crate) async fn make_due(
    conn: &mut PgConnection,
    order: OrderId,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "WITH payment AS (SELECT id FROM payments WHERE order_id = $1),
              refunding AS (UPDATE refunds SET next_try_at = $2 WHERE payment_id = (SELECT id FROM payment) AND status = 'pending'),
              capturing AS (UPDATE payment_captures SET next_try_at = $2 WHERE payment_id = (SELECT id FROM payment) AND status = 'pending'),
              stopping AS (UPDATE payment_cancellations SET next_try_at = $2 WHERE payment_id = (SELECT id FROM payment))
         UPDATE saga_steps SET next_try_at = $2, updated_at = $2 WHERE order_id = $1 AND status = 'pending' AND step LIKE 'stock.%'",
        order as OrderId,
        now as Timestamp
    )
    .execute(conn)
    .await
    .map(drop)
}

/// A failed step that something else was started for.
pub(crate) async fn supersede(
    conn: &mut PgConnection,
    order: OrderId,
    subject: Uuid,
    by: &str,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE saga_steps SET status = 'done', error = concat_ws('; ', error, $3::text), updated_at = $4 WHERE order_id = $1 AND subject = $2 AND status = 'failed'",
        order as OrderId,
        subject,
        by,
        now as Timestamp
    )
    .execute(conn)
    .await
    .map(drop)
}
