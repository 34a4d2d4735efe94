//! The money of what came back.

use std::collections::BTreeMap;

use http_kit::{Error, Result};
use primitives::{Money, OrderId, OrderItemId, ReturnId};
use serde_json::json;
use sqlx::PgConnection;

use super::{Told, begin, tell};
use crate::app::AppState;
use crate::domain::order::Event;
use crate::domain::refund::{LineRefund, share};
use crate::domain::returns::ReturnStep;
use crate::store;
use crate::store::orders::Order;
use crate::store::returns::ReturnItem;
use crate::workflows::transition::{Actor, transition};

/// How much of a received return is given back.
#[derive(Debug, Default)]
pub(crate) struct GiveBack<'a> {
    /// Instead of what the units are worth: less for what is worn, say.
    pub(crate) amount: Option<Money>,
    /// Whether what shipping cost goes back too.
    pub(crate) shipping: bool,
    pub(crate) reason: Option<&'a str>,
}

/// Gives back what the units that came are worth: their shares of what their lines cost, discount off and tax in.
pub(crate) async fn refund(
    app: &AppState,
    id: ReturnId,
    wish: GiveBack<'_>,
    actor: Actor<'_>,
) -> Result<OrderId> {
    let mut tx = app.pool.begin().await?;
    let (mut order, known, _) = begin(&mut tx, id, ReturnStep::Refund).await?;
    if wish
        .amount
        .is_some_and(|amount| amount.currency() != order.currency)
    {
        return Err(http_kit::one_field(
            "amount.currency",
            "invalid",
            format!("must be {}, as the order is", order.currency),
        ));
    }
    let units = worth_of(&mut tx, &order, id).await?;
    let worth: i64 = units.iter().map(|line| line.amount).sum();
    let shipping = if wish.shipping { order.shipping } else { 0 };
    let amount = wish.amount.map_or(worth + shipping, Money::amount);
    let left = store::transitions::state(&mut tx, &order)
        .await?
        .refundable();
    if amount > left {
        return Err(Error::conflict(
            "refund_exceeds_payment",
            "The refund is more than what is left of the payment: say an amount.",
        )
        .with("left", order.money(left))
        .with("amount", order.money(amount)));
    }
    let reason = wish
        .reason
        .map_or_else(|| format!("Return {}", known.number), str::to_owned);
    let event = Event::Refund { amount };
    let done = transition(&mut tx, app, order.id, &event, actor, Some(&reason)).await?;
    let refund = done
        .refunds
        .first()
        .copied()
        .ok_or_else(|| Error::conflict("nothing_to_refund", "The return is worth nothing."))?;
    order = done.order;
    store::refund_items::insert(&mut tx, refund, &units).await?;
    store::returns::refund(&mut tx, id, refund, app.clock.now()).await?;
    let step = Told {
        kind: "return.refunded",
        action: "order.return.refund",
        message: |number| format!("The money of the return {number} is on its way back."),
        more: json!({"refund_id": refund, "amount": order.money(amount)}),
    };
    tell(&mut tx, app, &mut order, id, actor, step).await?;
    tx.commit().await?;
    app.reconcile.notify_one();
    Ok(order.id)
}

/// The units that came, and what each line's are worth beside those that were refunded before.
async fn worth_of(
    conn: &mut PgConnection,
    order: &Order,
    id: ReturnId,
) -> Result<Vec<LineRefund>, sqlx::Error> {
    let items = store::order_items::of_orders(conn, &[order.id]).await?;
    let refunded: BTreeMap<OrderItemId, i32> = store::refund_items::refunded(conn, order.id)
        .await?
        .into_iter()
        .collect();
    let came = store::returns::items(conn, &[id]).await?;
    let line = |part: &ReturnItem| {
        let item = items.iter().find(|item| item.id == part.order_item_id)?;
        let before = refunded.get(&item.id).copied().unwrap_or(0);
        Some(LineRefund {
            order_item_id: item.id,
            quantity: part.received,
            amount: share(item.total, item.quantity, before, part.received),
        })
    };
    let came = came.iter().filter(|part| part.received > 0);
    Ok(came.filter_map(line).collect())
}
