//! Giving money back: written down first, done by a job, so that no crash loses or doubles a refund.

use std::collections::BTreeMap;

use http_kit::{Error, FieldErrors, Result};
use primitives::{Money, OrderId, OrderItemId, PaymentId, Quantity, RefundId};
use serde_json::json;
use sqlx::PgConnection;

use crate::app::AppState;
use crate::domain::order::{Effect, Event, Refusal};
use crate::domain::refund::{LineRefund, RefundState, share};
use crate::payments::{NewRefund, ProviderError, ProviderRefund};
use crate::store;
use crate::store::refunds::Refund;
use crate::workflows::checkout::Repeat;
use crate::workflows::finalise;
use crate::workflows::transition::{Actor, TransitionError, audit, transition};

/// What is to go back.
#[derive(Debug, Clone)]
pub(crate) enum Wanted {
    /// All that is left.
    Rest,
    Amount(Money),
    /// Units of lines, at their shares of what the lines cost.
    Lines(Vec<(OrderItemId, Quantity)>),
}

/// Asks for a refund. A repetition with the same `Idempotency-Key` is answered with the refund that is there.
pub(crate) async fn request(
    app: &AppState,
    payment: PaymentId,
    wanted: &Wanted,
    actor: Actor<'_>,
    reason: Option<&str>,
    repeat: &Repeat,
) -> Result<Refund> {
    let mut tx = app.pool.begin().await?;
    let refund = in_transaction(&mut tx, app, payment, wanted, actor, reason, repeat).await?;
    tx.commit().await?;
    app.reconcile.notify_one();
    Ok(refund)
}

/// The same, in the caller's transaction. Afterwards `app.reconcile` should be told.
pub(crate) async fn in_transaction(
    tx: &mut PgConnection,
    app: &AppState,
    payment: PaymentId,
    wanted: &Wanted,
    actor: Actor<'_>,
    reason: Option<&str>,
    repeat: &Repeat,
) -> Result<Refund> {
    let payment = store::payments::find(tx, payment)
        .await?
        .ok_or_else(|| Error::not_found("payment"))?;
    let order = store::orders::lock(tx, payment.order_id)
        .await?
        .ok_or_else(|| Error::not_found("payment"))?;
    // Under the lock, so that of two at the same time the second finds what the first has saved.
    let caller = actor.to_string();
    if let Some(id) = answered(tx, &caller, repeat).await? {
        return store::refunds::find(tx, id)
            .await?
            .ok_or_else(|| Error::not_found("refund"));
    }
    let left = store::transitions::state(tx, &order).await?.refundable();
    let lines = match wanted {
        Wanted::Lines(lines) => shares(tx, order.id, lines).await?,
        Wanted::Rest | Wanted::Amount(_) => Vec::new(),
    };
    let amount = match wanted {
        Wanted::Rest => left,
        Wanted::Amount(amount) if amount.currency() != order.currency => {
            return Err(http_kit::one_field(
                "amount.currency",
                "invalid",
                format!("must be {}, as the payment is", order.currency),
            ));
        }
        Wanted::Amount(amount) => amount.amount(),
        Wanted::Lines(_) => lines.iter().map(|line| line.amount).sum(),
    };
    let event = Event::Refund { amount };
    let done = transition(tx, app, order.id, &event, actor, reason)
        .await
        .map_err(|error| match error {
            TransitionError::Refused(Refusal::RefundExceedsPayment) => Error::conflict(
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
    if !lines.is_empty() {
        store::refund_items::insert(tx, id, &lines).await?;
    }
    if let Some(key) = &repeat.key {
        let (answer, now) = (json!({ "refund_id": id }), app.clock.now());
        store::idempotency::save(tx, &caller, key.as_str(), &repeat.hash, 202, &answer, now)
            .await?;
    }
    let refund = store::refunds::find(tx, id)
        .await?
        .ok_or_else(|| Error::not_found("refund"))?;
    let before = json!({ "refundable": order.money(left) });
    let after = json!({
        "refundable": order.money(left - amount),
        "refund_id": id,
        "amount": order.money(amount),
        "reason": reason,
    });
    audit(tx, app, order.id, actor, "order.refund", (before, after)).await?;
    Ok(refund)
}

/// The refund that this request was answered with before.
async fn answered(
    conn: &mut PgConnection,
    caller: &str,
    repeat: &Repeat,
) -> Result<Option<RefundId>> {
    let Some(key) = &repeat.key else {
        return Ok(None);
    };
    let Some(saved) = store::idempotency::find(conn, caller, key.as_str()).await? else {
        return Ok(None);
    };
    if saved.body_hash != repeat.hash {
        return Err(Error::unprocessable(
            "idempotency_key_reused",
            "This Idempotency-Key was used for another request.",
        ));
    }
    serde_json::from_value(saved.body["refund_id"].clone())
        .map(Some)
        .map_err(Error::internal)
}

/// What units of lines cost, if that many of them have not been refunded.
async fn shares(
    conn: &mut PgConnection,
    order: OrderId,
    wanted: &[(OrderItemId, Quantity)],
) -> Result<Vec<LineRefund>> {
    let items = store::order_items::of_orders(conn, &[order]).await?;
    let refunded: BTreeMap<OrderItemId, i32> = store::refund_items::refunded(conn, order)
        .await?
        .into_iter()
        .collect();
    let mut errors = FieldErrors::new();
    let mut lines: BTreeMap<OrderItemId, LineRefund> = BTreeMap::new();
    if wanted.is_empty() {
        errors.push("items", "required", "must name at least one item");
    }
    for (index, (id, quantity)) in wanted.iter().enumerate() {
        let Some(item) = items.iter().find(|item| item.id == *id) else {
            errors.push(
                format!("items[{index}].order_item_id"),
                "unknown",
                "is not an item of this order",
            );
            continue;
        };
        let before = refunded.get(id).copied().unwrap_or(0);
        let left = item.quantity - before;
        let line = lines.entry(*id).or_insert(LineRefund {
            order_item_id: *id,
            quantity: 0,
            amount: 0,
        });
        line.quantity = line.quantity.saturating_add(quantity.get());
        if line.quantity > left {
            errors.push(
                format!("items[{index}].quantity"),
                "too_many",
                format!("only {left} of this item have not been refunded"),
            );
            continue;
        }
        line.amount = share(item.total, item.quantity, before, line.quantity);
    }
    errors.into_result()?;
    Ok(lines.into_values().collect())
}

/// Does one refund at the provider and applies its answer. Safe to repeat: the provider knows our refund id.
pub(crate) async fn carry_out(app: &AppState, id: RefundId) -> anyhow::Result<()> {
    let mut conn = app.pool.acquire().await?;
    let Some(refund) = store::refunds::find(&mut conn, id).await? else {
        return Ok(());
    };
    drop(conn);
    if refund.state != RefundState::Pending {
        return Ok(());
    }
    let Some(payment_reference) = refund.payment_ref.clone() else {
        anyhow::bail!("refund {id} is of a payment that the provider does not know");
    };
    let new = NewRefund {
        refund_id: id,
        payment_reference,
        amount: refund.amount,
        reference: refund.provider_ref.clone(),
    };
    let answer = app.provider(refund.provider).refund(&new).await;
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
                refund_id: Some(id),
            }
        }
        Err(error @ ProviderError::Unavailable(_)) => return Err(error.into()),
    };
    runtime::fault::point("refund.asked");
    finalise::refund(app, id, &news).await?;
    Ok(())
}
