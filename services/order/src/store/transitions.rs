//! Reading and writing what the order state machine decides about.

use primitives::{OrderId, Timestamp};
use sqlx::PgConnection;

use super::orders::Order;
use crate::domain::order::{State, Status};
use crate::domain::payment::PaymentState;

/// The machine's view of a locked order: its money as the payment and refund rows have it.
pub(crate) async fn state(conn: &mut PgConnection, order: &Order) -> Result<State, sqlx::Error> {
    let money = sqlx::query!(
        r#"SELECT p.status, p.amount_authorized, p.amount_captured, p.amount_refunded, o.disputed, o.charged_back,
                  (SELECT coalesce(sum(r.amount), 0)::bigint FROM refunds r WHERE r.payment_id = p.id AND r.status = 'pending') AS "refunding!",
                  (SELECT coalesce(sum(c.amount), 0)::bigint FROM payment_captures c WHERE c.payment_id = p.id AND c.status = 'pending') AS "capturing!"
             FROM payments p JOIN orders o ON o.id = p.order_id WHERE p.order_id = $1"#,
        order.id as OrderId,
    )
    .fetch_one(conn)
    .await?;
    let held = super::parse::<PaymentState>(&money.status)? == PaymentState::Authorized;
    Ok(State {
        status: order.status,
        payment: order.payment_status,
        fulfillment: order.fulfillment_status,
        total: order.total,
        authorized: if held { money.amount_authorized } else { 0 },
        capturing: if held { money.capturing } else { 0 },
        paid: money.amount_captured,
        refunded: money.amount_refunded,
        refunding: money.refunding,
        disputed: money.disputed,
        charged_back: money.charged_back,
    })
}

/// Writes the new statuses of a locked order, and what disputes did to it, and counts the change.
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
                cancel_reason = CASE WHEN $7 THEN $8 ELSE cancel_reason END,
                disputed = $9, charged_back = $10
          WHERE id = $1",
        order.id as OrderId,
        next.status.as_str(),
        next.payment.as_str(),
        next.fulfillment.as_str(),
        now as Timestamp,
        confirmed,
        cancelled,
        reason,
        next.disputed,
        next.charged_back,
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
