//! Cancelling an order, by whom it belongs to or by staff.

use http_kit::Error;
use primitives::OrderId;
use serde_json::json;

use crate::app::AppState;
use crate::domain::order::{CancelReason, Event};
use crate::error::refused;
use crate::store;
use crate::store::orders::Order;
use crate::workflows::transition::{Actor, Said, audit, statuses, transition_as_said, with};

/// Cancels the order, and puts what it took back on the shelves unless `restock` says no, if the rules allow it; what was paid goes back,
/// if the caller `may_refund`. An order that is cancelled already stays as it is.
pub(crate) async fn cancel(
    app: &AppState,
    order: OrderId,
    actor: Actor<'_>,
    reason: Option<&str>,
    restock: Option<bool>,
    may_refund: http_kit::Result<()>,
) -> http_kit::Result<Order> {
    let by = match actor {
        Actor::Staff(_) | Actor::System | Actor::Stripe => CancelReason::Staff,
        Actor::Customer | Actor::Guest => CancelReason::Customer,
    };
    let mut tx = app.pool.begin().await?;
    let before = store::orders::lock(&mut tx, order)
        .await?
        .ok_or_else(|| Error::not_found("order"))?;
    let said = Said { reason, restock };
    let done = transition_as_said(&mut tx, app, order, &Event::Cancel(by), actor, said)
        .await
        .map_err(refused)?;
    if !done.refunds.is_empty() {
        may_refund?;
    }
    if done.order.status != before.status {
        let after = with(
            statuses(&done.order),
            json!({ "reason": reason, "restock": restock.unwrap_or(true) }),
        );
        let change = (statuses(&before), after);
        audit(&mut tx, app, order, actor, "order.cancel", change).await?;
    }
    runtime::fault::point("cancel.written");
    tx.commit().await?;
    runtime::fault::point("cancel.committed");
    // A refund or a payment to be stopped should not wait for the timer.
    app.reconcile.notify_one();
    Ok(done.order)
}
