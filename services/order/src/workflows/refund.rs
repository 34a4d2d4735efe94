//! Giving money back: written down first, done by a job, so that no crash loses or doubles a refund.

use http_kit::{Error, Result};
use primitives::{Money, PaymentId, RefundId};
use serde_json::json;

use crate::app::AppState;
use crate::domain::order::{Effect, Event};
use crate::payments::{NewRefund, ProviderError, ProviderRefund, RefundState};
use crate::store;
use crate::store::refunds::Refund;
use crate::workflows::finalise;
use crate::workflows::transition::{Actor, TransitionError, audit, transition};

/// Asks for a refund of `amount`, or of all that is left.
pub(crate) async fn request(
    app: &AppState,
    payment: PaymentId,
    amount: Option<Money>,
    actor: Actor<'_>,
    reason: Option<&str>,
) -> Result<Refund> {
    let mut tx = app.pool.begin().await?;
    let payment = store::payments::find(&mut tx, payment)
        .await?
        .ok_or_else(|| Error::not_found("payment"))?;
    let order = store::orders::lock(&mut tx, payment.order_id)
        .await?
        .ok_or_else(|| Error::not_found("payment"))?;
    let left = store::transitions::state(&mut tx, &order)
        .await?
        .refundable();
    if amount.is_some_and(|amount| amount.currency() != order.currency) {
        return Err(http_kit::one_field(
            "amount.currency",
            "invalid",
            format!("must be {}, as the payment is", order.currency),
        ));
    }
    let amount = amount.map_or(left, Money::amount);
    let done = transition(
        &mut tx,
        app,
        order.id,
        &Event::Refund { amount },
        actor,
        reason,
    )
    .await
    .map_err(|error| match error {
        TransitionError::Refused(_) => Error::conflict(
            "refund_exceeds_payment",
            "The refund is more than what is left of the payment.",
        )
        .with("left", order.money(left)),
        error => error.into(),
    })?;
    debug_assert!(matches!(
        done.effects.as_slice(),
        [Effect::StartRefund { .. }]
    ));
    let id = done
        .refunds
        .first()
        .copied()
        .ok_or_else(|| Error::internal(anyhow::anyhow!("a refund was not written")))?;
    let refund = store::refunds::find(&mut tx, id)
        .await?
        .ok_or_else(|| Error::not_found("refund"))?;
    let before = json!({ "refundable": order.money(left) });
    let after = json!({
        "refundable": order.money(left - amount),
        "refund_id": id,
        "amount": order.money(amount),
        "reason": reason,
    });
    audit(
        &mut tx,
        app,
        order.id,
        actor,
        "order.refund",
        (before, after),
    )
    .await?;
    tx.commit().await?;
    app.reconcile.notify_one();
    Ok(refund)
}

/// Does one refund at the provider and applies its answer. Safe to repeat: the provider knows our refund id.
pub(crate) async fn carry_out(app: &AppState, id: RefundId) -> anyhow::Result<()> {
    let mut conn = app.pool.acquire().await?;
    let Some(refund) = store::refunds::find(&mut conn, id).await? else {
        return Ok(());
    };
    drop(conn);
    if refund.status != "pending" {
        return Ok(());
    }
    let Some(payment_reference) = refund.payment_ref.clone() else {
        anyhow::bail!("refund {id} is of a payment that the provider does not know");
    };
    let answer = match &refund.provider_ref {
        Some(reference) => app.stripe.retrieve_refund(reference).await,
        None => {
            app.stripe
                .refund(&NewRefund {
                    refund_id: id,
                    payment_reference,
                    amount: refund.amount,
                })
                .await
        }
    };
    let news = match answer {
        Ok(news) => news,
        // Nothing will change the provider's mind: staff have to see to it.
        Err(ProviderError::Refused(why)) => {
            tracing::error!(refund_id = %id, why, "the provider refused a refund");
            let reference = refund
                .provider_ref
                .clone()
                .unwrap_or_else(|| format!("refused-{id}"));
            ProviderRefund {
                reference,
                state: RefundState::Failed,
                failure: Some(why),
            }
        }
        Err(error @ ProviderError::Unavailable(_)) => return Err(error.into()),
    };
    finalise::refund(app, id, &news).await?;
    Ok(())
}
