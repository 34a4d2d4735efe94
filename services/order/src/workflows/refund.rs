//! Giving money back: written down first, done by a job, so that no crash loses or doubles a refund.

use std::collections::BTreeMap;

use http_kit::{Error, FieldErrors, Result};
use primitives::{Money, OrderId, OrderItemId, PaymentId, Quantity, RefundId};
use serde_json::json;
use sqlx::PgConnection;

use crate::app::AppState;
use crate::domain::order::{Event, Refusal};
use crate::domain::refund::{LineRefund, RefundState, share};
use crate::payments::{NewRefund, ProviderError, ProviderRefund};
use crate::store;
use crate::store::order_items::OrderItem;
use crate::store::orders::Order;
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

/// What [`request`] would give back: all of it is done by the same rules, and taken back.
pub(crate) async fn preview(
    app: &AppState,
    payment: PaymentId,
    wanted: &Wanted,
    actor: Actor<'_>,
) -> Result<Money> {
    let mut tx = app.pool.begin().await?;
    let repeat = Repeat {
        key: None,
        hash: [0; 32],
    };
    let refund = in_transaction(&mut tx, app, payment, wanted, actor, None, &repeat).await?;
    tx.rollback().await?;
    Ok(refund.amount)
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
        Wanted::Amount(amount) => in_currency(&order, *amount)?,
        Wanted::Lines(_) => lines.iter().map(|line| line.amount).sum(),
    };
    let (id, order) = begin(tx, app, &order, amount, &lines, actor, reason).await?;
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

/// Minor units, if the amount is in the order's currency.
pub(crate) fn in_currency(order: &Order, amount: Money) -> Result<i64> {
    if amount.currency() != order.currency {
        return Err(http_kit::one_field(
            "amount.currency",
            "invalid",
            format!("must be {}, as the payment is", order.currency),
        ));
    }
    Ok(amount.amount())
}

/// Writes a refund of a locked order down to be done, with the units that it is for; answers it and the order as it is then.
pub(crate) async fn begin(
    tx: &mut PgConnection,
    app: &AppState,
    order: &Order,
    amount: i64,
    lines: &[LineRefund],
    actor: Actor<'_>,
    reason: Option<&str>,
) -> Result<(RefundId, Order)> {
    let left = store::transitions::state(tx, order).await?.refundable();
    let event = Event::Refund { amount };
    let done = transition(tx, app, order.id, &event, actor, reason)
        .await
        .map_err(|error| match error {
            TransitionError::Refused(Refusal::RefundExceedsPayment) => Error::conflict(
                "refund_exceeds_payment",
                match amount {
                    ..=0 => {
                        "Nothing of this is left to give back. Name an amount to give back more."
                    }
                    _ => "The refund is more than what is left of the payment.",
                },
            )
            .with("left", order.money(left))
            .with("amount", order.money(amount)),
            error => error.into(),
        })?;
    let id = done
        .refunds
        .first()
        .copied()
        .ok_or_else(|| Error::internal(anyhow::anyhow!("a refund was not written")))?;
    store::refund_items::insert(tx, id, lines).await?;
    Ok((id, done.order))
}

/// The lines of an order, and how many units of each were refunded or are about to be.
pub(crate) struct Lines {
    items: Vec<OrderItem>,
    refunded: BTreeMap<OrderItemId, i32>,
}

impl Lines {
    pub(crate) async fn of(conn: &mut PgConnection, order: OrderId) -> sqlx::Result<Self> {
        let items = store::order_items::of_orders(conn, &[order]).await?;
        let refunded = store::refund_items::refunded(conn, order).await?;
        Ok(Self {
            items,
            refunded: refunded.into_iter().collect(),
        })
    }

    /// A line, and how many of its units were refunded.
    fn find(&self, id: OrderItemId) -> Option<(&OrderItem, i32)> {
        let item = self.items.iter().find(|item| item.id == id)?;
        Some((item, self.refunded.get(&id).copied().unwrap_or(0)))
    }

    /// Units of a line, with what they are worth beside those that were refunded before.
    pub(crate) fn worth(&self, id: OrderItemId, quantity: i32) -> Option<LineRefund> {
        let (item, before) = self.find(id)?;
        Some(LineRefund {
            order_item_id: id,
            quantity,
            amount: share(item.total, item.quantity, before, quantity),
        })
    }
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
        return Err(Error::idempotency_key_reused());
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
    let known = Lines::of(conn, order).await?;
    let mut errors = FieldErrors::new();
    let mut lines: BTreeMap<OrderItemId, i32> = BTreeMap::new();
    if wanted.is_empty() {
        errors.push("items", "required", "must name at least one item");
    }
    for (index, (id, quantity)) in wanted.iter().enumerate() {
        let Some((item, before)) = known.find(*id) else {
            errors.push(
                format!("items[{index}].order_item_id"),
                "unknown",
                "is not an item of this order",
            );
            continue;
        };
        let left = item.quantity - before;
        let units = lines.entry(*id).or_default();
        *units = units.saturating_add(quantity.get());
        if *units > left {
            errors.push(
                format!("items[{index}].quantity"),
                "too_many",
                format!("only {left} of this item have not been refunded"),
            );
        }
    }
    errors.into_result()?;
    let worth = |(id, units)| known.worth(id, units);
    Ok(lines.into_iter().filter_map(worth).collect())
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
    runtime::fault::point("refund.claimed");
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
