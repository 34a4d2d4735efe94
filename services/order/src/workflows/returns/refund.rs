//! The money of what came back.

use http_kit::Result;
use primitives::{Money, OrderId, ReturnId};
use serde_json::json;
use sqlx::PgConnection;

use super::{Told, begin, tell};
use crate::app::AppState;
use crate::domain::refund::LineRefund;
use crate::domain::returns::ReturnStep;
use crate::store;
use crate::store::orders::Order;
use crate::store::returns::ReturnItem;
use crate::workflows::refund::{self, Lines};
use crate::workflows::transition::Actor;

/// How much of a received return is given back.
#[derive(Debug, Default)]
pub(crate) struct GiveBack<'a> {
    /// Instead of what the units are worth: less for what is worn, say.
    pub(crate) amount: Option<Money>,
    /// Whether what shipping cost goes back too, as far as no other return's refund gave it back.
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
    let (order, _) = in_transaction(&mut tx, app, id, wish, actor).await?;
    tx.commit().await?;
    app.reconcile.notify_one();
    Ok(order)
}

/// What [`refund`] would give back: all of it is done by the same rules, and taken back.
pub(crate) async fn preview(
    app: &AppState,
    id: ReturnId,
    wish: GiveBack<'_>,
    actor: Actor<'_>,
) -> Result<Money> {
    let mut tx = app.pool.begin().await?;
    let (_, amount) = in_transaction(&mut tx, app, id, wish, actor).await?;
    tx.rollback().await?;
    Ok(amount)
}

async fn in_transaction(
    tx: &mut PgConnection,
    app: &AppState,
    id: ReturnId,
    wish: GiveBack<'_>,
    actor: Actor<'_>,
) -> Result<(OrderId, Money)> {
    let (order, known, _) = begin(tx, id, ReturnStep::Refund).await?;
    let units = worth_of(tx, &order, id).await?;
    let worth: i64 = units.iter().map(|line| line.amount).sum();
    let amount = match wish.amount {
        Some(amount) => refund::in_currency(&order, amount)?,
        None if wish.shipping => {
            let given = store::returns::refunded_beyond(tx, order.id).await?;
            worth + (order.shipping - given).max(0)
        }
        None => worth,
    };
    let reason = wish
        .reason
        .map_or_else(|| format!("Return {}", known.number), str::to_owned);
    let reason = Some(&*reason);
    let (refund, mut order) = refund::begin(tx, app, &order, amount, &units, actor, reason).await?;
    store::returns::refund(tx, id, refund, app.clock.now()).await?;
    let step = Told {
        kind: "return.refunded",
        action: "order.return.refund",
        message: |number| format!("The money of the return {number} is on its way back."),
        more: json!({"refund_id": refund, "amount": order.money(amount)}),
    };
    tell(tx, app, &mut order, id, actor, step).await?;
    Ok((order.id, order.money(amount)))
}

/// The units that came, and what each line's are worth beside those that were refunded before.
async fn worth_of(
    conn: &mut PgConnection,
    order: &Order,
    id: ReturnId,
) -> Result<Vec<LineRefund>, sqlx::Error> {
    let lines = Lines::of(conn, order.id).await?;
    let came = store::returns::items(conn, &[id]).await?;
    let came = came.iter().filter(|part| part.received > 0);
    let worth = |part: &ReturnItem| lines.worth(part.order_item_id, part.received);
    Ok(came.filter_map(worth).collect())
}
