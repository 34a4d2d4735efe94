//! Cancelling an order, by whom it belongs to or by staff.

use primitives::OrderId;

use crate::app::AppState;
use crate::domain::order::{CancelReason, Event};
use crate::error::refused;
use crate::store::orders::Order;
use crate::workflows::transition::{Actor, transition};

/// Cancels the order if the rules allow it; what was paid goes back. An order that is cancelled already stays as it is.
pub(crate) async fn cancel(
    app: &AppState,
    order: OrderId,
    actor: Actor,
    reason: Option<&str>,
) -> http_kit::Result<Order> {
    let by = match actor {
        Actor::Staff(_) | Actor::System | Actor::Stripe => CancelReason::Staff,
        Actor::Customer | Actor::Guest => CancelReason::Customer,
    };
    let mut tx = app.pool.begin().await?;
    let done = transition(&mut tx, app, order, &Event::Cancel(by), actor, reason)
        .await
        .map_err(refused)?;
    tx.commit().await?;
    // A refund or a payment to be stopped should not wait for the timer.
    app.reconcile.notify_one();
    Ok(done.order)
}
