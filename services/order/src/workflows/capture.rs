//! Money that is held: taking it, in whole or in part, or letting it go. Written down first, done by a job.

use http_kit::{Error, Result};
use primitives::{CaptureId, Money, PaymentId};
use serde_json::json;

use crate::app::AppState;
use crate::domain::order::{Event, Refusal};
use crate::error::refused;
use crate::payments::{NewCapture, ProviderError};
use crate::store;
use crate::store::captures::Capture;
use crate::store::payments::Payment;
use crate::workflows::finalise;
use crate::workflows::transition::{Actor, TransitionError, audit, statuses, transition};

/// Asks for `amount` of what is held, or for all of it. The same wish again, while it is under way or done, is answered with the capture that is there.
pub(crate) async fn request(
    app: &AppState,
    id: PaymentId,
    amount: Option<Money>,
    actor: Actor<'_>,
) -> Result<Capture> {
    let mut tx = app.pool.begin().await?;
    let payment = store::payments::find(&mut tx, id)
        .await?
        .ok_or_else(|| Error::not_found("payment"))?;
    let order = store::orders::lock(&mut tx, payment.order_id)
        .await?
        .ok_or_else(|| Error::not_found("payment"))?;
    if amount.is_some_and(|amount| amount.currency() != order.currency) {
        return Err(http_kit::one_field(
            "amount.currency",
            "invalid",
            format!("must be {}, as the payment is", order.currency),
        ));
    }
    if let Some(there) = store::captures::open_or_done(&mut tx, id).await?
        && amount.is_none_or(|amount| amount == there.amount)
    {
        return Ok(there);
    }
    let held = store::transitions::state(&mut tx, &order).await?.authorized;
    let wanted = amount.map_or(held, Money::amount);
    let event = Event::Capture { amount: wanted };
    let done = transition(&mut tx, app, order.id, &event, actor, None)
        .await
        .map_err(|error| match error {
            TransitionError::Refused(Refusal::CaptureExceedsAuthorization) => {
                refused(error).with("held", order.money(held))
            }
            error => error.into(),
        })?;
    let capture_id = done
        .capture
        .ok_or_else(|| Error::internal(anyhow::anyhow!("a capture was not written")))?;
    let capture = store::captures::find(&mut tx, capture_id)
        .await?
        .ok_or_else(|| Error::not_found("capture"))?;
    let before = json!({ "held": order.money(held) });
    let after = json!({ "capture_id": capture_id, "amount": capture.amount });
    let change = (before, after);
    audit(&mut tx, app, order.id, actor, "order.capture", change).await?;
    tx.commit().await?;
    app.reconcile.notify_one();
    Ok(capture)
}

/// Lets go of what is held. The order is cancelled if nothing of it was sent.
pub(crate) async fn void(app: &AppState, id: PaymentId, actor: Actor<'_>) -> Result<Payment> {
    let mut tx = app.pool.begin().await?;
    let payment = store::payments::find(&mut tx, id)
        .await?
        .ok_or_else(|| Error::not_found("payment"))?;
    let before = store::orders::lock(&mut tx, payment.order_id)
        .await?
        .ok_or_else(|| Error::not_found("payment"))?;
    let done = transition(&mut tx, app, before.id, &Event::Void, actor, None).await?;
    let change = (statuses(&before), statuses(&done.order));
    audit(&mut tx, app, before.id, actor, "order.void", change).await?;
    let payment = store::payments::find(&mut tx, id)
        .await?
        .ok_or_else(|| Error::not_found("payment"))?;
    tx.commit().await?;
    app.reconcile.notify_one();
    Ok(payment)
}

/// Does one capture at the provider and applies its answer. Safe to repeat: the provider knows our capture id.
pub(crate) async fn carry_out(app: &AppState, id: CaptureId) -> anyhow::Result<()> {
    let mut conn = app.pool.acquire().await?;
    let Some(capture) = store::captures::find(&mut conn, id).await? else {
        return Ok(());
    };
    let Some(payment) = store::payments::find(&mut conn, capture.payment_id).await? else {
        return Ok(());
    };
    drop(conn);
    let Some(payment_reference) = payment.provider_ref.clone() else {
        anyhow::bail!("capture {id} is of a payment that the provider does not know");
    };
    if capture.status != "pending" {
        return Ok(());
    }
    let new = NewCapture {
        capture_id: id,
        payment_reference,
        amount: capture.amount,
    };
    match app.provider(payment.provider).capture(&new).await {
        // Also what it became without us: lost, or taken before.
        Ok(news) => {
            finalise::payment(app, &news).await?;
        }
        // Nothing will change the provider's mind: staff have to see to it.
        Err(ProviderError::Refused(why)) => {
            tracing::error!(capture_id = %id, why, "the provider refused a capture");
            finalise::capture_failed(app, id, &why).await?;
        }
        Err(error @ ProviderError::Unavailable(_)) => return Err(error.into()),
    }
    Ok(())
}
