//! Reading and writing what the order state machine decides about.

use primitives::{OrderId, Timestamp};
use sqlx::PgConnection;

use super::orders::Order;
use crate::domain::order::{State, Status};

/// The machine's view of a locked order: its money as the payment and refund rows have it.
pub(crate) async fn state(conn: &mut PgConnection, order: &Order) -> Result<State, sqlx::Error> {
    let money = sqlx::query!(
        r#"SELECT p.amount_captured, p.amount_refunded,
                  (SELECT coalesce(sum(r.amount), 0)::bigint FROM refunds r WHERE r.payment_id = p.id AND r.status = 'pending') AS "refunding!"
             FROM payments p WHERE p.order_id = $1"#,
        order.id as OrderId,
    )
    .fetch_one(conn)
    .await?;
    Ok(State {
        status: order.status,
        payment: order.payment_status,
        fulfillment: order.fulfillment_status,
        paid: money.amount_captured,
        refunded: money.amount_refunded,
        refunding: money.refunding,
    })
}

/// Writes the new statuses of a locked order and counts the change.
pub(crate) async fn apply(
    conn: &mut PgConnection,
    order: &mut Order,
    next: State,
    reason: Option<&str>,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let cancelled = next.status == Status::Cancelled && order.status != Status::Cancelled;
    let confirmed = next.status == Status::Confirmed && order.status == Status::Pending;
    sqlx::query!(
        "UPDATE orders SET status = $2, payment_status = $3, fulfillment_status = $4, updated_at = $5, version = version + 1,
                confirmed_at = CASE WHEN $6 THEN $5 ELSE confirmed_at END, cancelled_at = CASE WHEN $7 THEN $5 ELSE cancelled_at END,
                cancel_reason = CASE WHEN $7 THEN $8 ELSE cancel_reason END
          WHERE id = $1",
        order.id as OrderId,
        next.status.as_str(),
        next.payment.as_str(),
        next.fulfillment.as_str(),
        now as Timestamp,
        confirmed,
        cancelled,
        reason,
    )
    .execute(conn)
    .await
    .and_then(|done| super::exactly_one(&done))?;
    order.status = next.status;
    order.payment_status = next.payment;
    order.fulfillment_status = next.fulfillment;
    order.version += 1;
    if confirmed {
        order.confirmed_at = Some(now);
    }
    if cancelled {
        order.cancelled_at = Some(now);
        order.cancel_reason = reason.map(str::to_owned);
    }
    Ok(())
}
