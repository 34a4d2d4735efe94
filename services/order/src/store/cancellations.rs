//! `payment_cancellations`: payments that have to be stopped at the provider, because their order is gone.

use primitives::{OrderId, PaymentId, Timestamp};
use sqlx::PgConnection;

/// Asks the reconciler to stop a payment at the provider.
pub(crate) async fn request(
    conn: &mut PgConnection,
    order_id: OrderId,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO payment_cancellations (payment_id, next_try_at)
         SELECT id, $2 FROM payments WHERE order_id = $1 AND provider <> 'none' ON CONFLICT DO NOTHING",
        order_id.uuid(),
        now as Timestamp
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A payment to be stopped.
pub(crate) struct Cancellation {
    pub(crate) payment_id: PaymentId,
    pub(crate) order_id: OrderId,
}

/// Takes cancellations that are due and puts off their next try, so that a crash repeats them.
pub(crate) async fn claim(
    conn: &mut PgConnection,
    now: Timestamp,
    next_try_at: Timestamp,
    limit: i64,
) -> sqlx::Result<Vec<Cancellation>> {
    sqlx::query_as!(
        Cancellation,
        r#"UPDATE payment_cancellations c SET attempts = attempts + 1, next_try_at = $2
             FROM payments p
            WHERE p.id = c.payment_id
              AND c.payment_id IN (SELECT payment_id FROM payment_cancellations WHERE next_try_at <= $1
                                    ORDER BY next_try_at LIMIT $3 FOR UPDATE SKIP LOCKED)
           RETURNING c.payment_id AS "payment_id: PaymentId", p.order_id AS "order_id: OrderId""#,
        now as Timestamp,
        next_try_at as Timestamp,
        limit
    )
    .fetch_all(conn)
    .await
}

/// The payment cannot succeed any more, or has: nothing is left to be stopped.
pub(crate) async fn finish(conn: &mut PgConnection, id: PaymentId) -> sqlx::Result<()> {
    sqlx::query!(
        "DELETE FROM payment_cancellations WHERE payment_id = $1",
        id.uuid()
    )
    .execute(conn)
    .await?;
    Ok(())
}
