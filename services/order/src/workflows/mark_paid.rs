//! Bank transfers: staff say that money came, or that it went back.

use http_kit::{Error, Result};
use primitives::{Money, PaymentId, RefundId};
use serde_json::json;

use crate::app::AppState;
use crate::domain::payment::{PaymentState, ProviderName};
use crate::domain::refund::RefundState;
use crate::payments::{ProviderPayment, ProviderRefund};
use crate::store;
use crate::store::payments::Payment;
use crate::store::refunds::Refund;
use crate::workflows::finalise;
use crate::workflows::transition::{Actor, audit};

/// Says that a payment's money is on the shop's account. It must be all of it. Again: changes nothing.
pub(crate) async fn payment(
    app: &AppState,
    id: PaymentId,
    amount: Option<Money>,
    reference: Option<&str>,
    actor: Actor<'_>,
) -> Result<Payment> {
    let unknown = || Error::not_found("payment");
    let mut tx = app.pool.begin().await?;
    let found = store::payments::find(&mut tx, id).await?;
    let order = found.ok_or_else(unknown)?.order_id;
    // Its customer may be choosing another way to pay in this moment.
    store::orders::lock(&mut tx, order).await?;
    let known = store::payments::find(&mut tx, id)
        .await?
        .ok_or_else(unknown)?;
    if known.provider != ProviderName::Manual {
        return Err(Error::conflict(
            "payment_not_manual",
            "Only a bank transfer is marked as paid: the provider tells of all others.",
        ));
    }
    if let Some(amount) = amount.filter(|amount| *amount != known.amount) {
        let message = format!("{amount} is not the {} that have to be paid.", known.amount);
        return Err(Error::conflict("amount_differs", message).with("amount", known.amount));
    }
    let number = known.provider_ref.clone().unwrap_or_default();
    let news = ProviderPayment {
        amount_received: known.amount.amount(),
        ..ProviderPayment::bare(&number, PaymentState::Succeeded)
    };
    let before = json!({ "status": known.state });
    let applied = finalise::known_payment(&mut tx, app, &known, &news, actor).await?;
    if applied == finalise::Outcome::Applied {
        let after =
            json!({ "status": "succeeded", "amount": known.amount, "reference": reference });
        let change = (before, after);
        audit(
            &mut tx,
            app,
            known.order_id,
            actor,
            "order.mark_paid",
            change,
        )
        .await?;
    }
    let payment = store::payments::find(&mut tx, id)
        .await?
        .ok_or_else(|| Error::not_found("payment"))?;
    tx.commit().await?;
    app.reconcile.notify_one();
    Ok(payment)
}

/// Says that a refund was transferred. Again: changes nothing.
pub(crate) async fn refund(app: &AppState, id: RefundId, actor: Actor<'_>) -> Result<Refund> {
    let mut tx = app.pool.begin().await?;
    let known = store::refunds::find(&mut tx, id)
        .await?
        .ok_or_else(|| Error::not_found("refund"))?;
    let payment = store::payments::find(&mut tx, known.payment_id)
        .await?
        .ok_or_else(|| Error::not_found("refund"))?;
    if payment.provider != ProviderName::Manual {
        return Err(Error::conflict(
            "payment_not_manual",
            "Only the refund of a bank transfer is marked as paid: the provider tells of all others.",
        ));
    }
    let news = ProviderRefund {
        reference: known
            .provider_ref
            .clone()
            .unwrap_or_else(|| format!("transfer-{id}")),
        state: RefundState::Succeeded,
        failure: None,
        refund_id: Some(id),
    };
    let applied = finalise::known_refund(&mut tx, app, id, &news, actor).await?;
    if applied == finalise::Outcome::Applied {
        let before = json!({ "refund_id": id, "status": known.state.as_str() });
        let after = json!({ "refund_id": id, "status": "succeeded", "amount": known.amount });
        let change = (before, after);
        audit(
            &mut tx,
            app,
            known.order_id,
            actor,
            "order.refund_paid",
            change,
        )
        .await?;
    }
    let refund = store::refunds::find(&mut tx, id)
        .await?
        .ok_or_else(|| Error::not_found("refund"))?;
    tx.commit().await?;
    Ok(refund)
}
