//! What becomes of what is held for an order.

use std::collections::BTreeMap;

use contracts::events::{InventoryRejected, InventoryReleased};
use contracts::internal::reservations::ShortLine;
use contracts::internal::variants::VariantSnapshot;
use primitives::{OrderId, Quantity, ReturnId, VariantId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::reservations::told;
use super::stock;
use crate::app::Context;
use crate::domain::allocation::{self as rules, Demand, Line, Stocks};
use crate::domain::hold::{self, Hold, OrderFate, Settlement};
use crate::domain::stock::{Change, home};
use crate::store::movements;
use crate::store::purchases;
use crate::store::reservations::{self as store, HeldLine, NewLine};
use crate::store::stock::{self as levels, Cause};

/// Where an order's reservation is after an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settled {
    pub(crate) hold: Hold,
    /// What was missing, if the order was rejected just now.
    pub(crate) short: Vec<ShortLine>,
}

/// Does what an order's fate asks for, in the caller's transaction. Any number of times, in any order of fates: the state
/// decides. `ordered` is what the order says of itself, for when no reservation is known.
pub(crate) async fn settle(
    tx: &mut PgConnection,
    cx: &Context,
    order: OrderId,
    fate: OrderFate,
    ordered: &[Demand],
) -> sqlx::Result<Settled> {
    // An order that was never heard of gets a row, so that whatever comes later finds it.
    let unheard = fate != OrderFate::TimedOut
        && store::claim(tx, order, Hold::Expired, cx.clock.now(), &cx.clock).await?;
    if unheard {
        let lines: Vec<NewLine> = ordered
            .iter()
            .map(|demand| unheard_line(order, *demand))
            .collect();
        levels::apply(tx, &[], &lines, Cause::default(), &cx.clock, &cx.random).await?;
    }
    let found = store::lock(tx, order)
        .await?
        .ok_or(sqlx::Error::RowNotFound)?
        .hold;
    let mut short = Vec::new();
    let hold = match hold::settle(Some(found), fate) {
        Settlement::Nothing => found,
        Settlement::Close => {
            store::set_hold(tx, order, Hold::Released, &cx.clock).await?;
            Hold::Released
        }
        Settlement::Release(after) => {
            release(tx, cx, order, after).await?;
            after
        }
        Settlement::SellHeld => {
            sell_held(tx, cx, order).await?;
            Hold::Committed
        }
        Settlement::SellUnheld => match sell_unheld(tx, cx, order).await? {
            Ok(()) => Hold::Committed,
            Err(missing) => {
                short = missing;
                Hold::Rejected
            }
        },
        Settlement::Restock => {
            restock(tx, cx, order).await?;
            Hold::Released
        }
        Settlement::WriteOff => {
            write_off(tx, cx, order).await?;
            Hold::Released
        }
        Settlement::SellAndWriteOff => {
            sell_held(tx, cx, order).await?;
            write_off(tx, cx, order).await?;
            Hold::Released
        }
    };
    Ok(Settled { hold, short })
}

fn unheard_line(order: OrderId, demand: Demand) -> NewLine {
    let line = Line {
        variant_id: demand.variant_id,
        location: home(),
        quantity: demand.units(),
        owed: 0,
    };
    NewLine {
        order,
        line,
        snapshot: None,
    }
}

/// What an order wants of each variant, from the lines that several places may serve.
pub(super) fn demands_of(lines: &[HeldLine]) -> sqlx::Result<Vec<Demand>> {
    let mut sums = BTreeMap::<VariantId, i32>::new();
    for HeldLine { line, .. } in lines {
        *sums.entry(line.variant_id).or_default() += line.quantity;
    }
    let demand = |(variant_id, units): (VariantId, i32)| {
        let quantity =
            Quantity::try_from(units).map_err(|error| sqlx::Error::Decode(error.into()))?;
        Ok(Demand {
            variant_id,
            quantity,
        })
    };
    sums.into_iter().map(demand).collect()
}

fn plain(lines: &[HeldLine]) -> Vec<Line> {
    lines.iter().map(|held| held.line).collect()
}

async fn release(
    tx: &mut PgConnection,
    cx: &Context,
    order: OrderId,
    after: Hold,
) -> sqlx::Result<()> {
    let held = store::lines(tx, order).await?;
    let demands = demands_of(&held)?;
    let mut items = levels::lock(tx, &ids(&demands), cx.clock.now()).await?;
    // Before anything is given to those who wait: this order is none of them.
    store::set_hold(tx, order, after, &cx.clock).await?;
    store::forgive(tx, order).await?;
    let changes = rules::release(order, &plain(&held));
    stock::apply(tx, cx, &mut items, &changes, &[], Cause::default()).await?;
    let released = InventoryReleased {
        order_id: order,
        lines: told(&demands, &items),
    };
    cx.publisher.publish(tx, &released).await.map(drop)
}

async fn sell_held(tx: &mut PgConnection, cx: &Context, order: OrderId) -> sqlx::Result<()> {
    let held = store::lines(tx, order).await?;
    let demands = demands_of(&held)?;
    purchases::lock_products(tx, &ids(&demands)).await?;
    let mut items = levels::lock(tx, &ids(&demands), cx.clock.now()).await?;
    // From now on it is one of those who wait for what is owed.
    store::set_hold(tx, order, Hold::Committed, &cx.clock).await?;
    let changes = rules::sell_held(order, &plain(&held));
    stock::apply(tx, cx, &mut items, &changes, &[], Cause::default()).await?;
    stock::serve_owed(tx, cx, &mut items, &demands).await?;
    purchases::count_sold(tx, &ids(&demands), &units(&demands, 1)).await
}

/// Sells what is not held any more, if it can be had still; what is short otherwise.
async fn sell_unheld(
    tx: &mut PgConnection,
    cx: &Context,
    order: OrderId,
) -> sqlx::Result<Result<(), Vec<ShortLine>>> {
    let held = store::lines(tx, order).await?;
    let demands = demands_of(&held)?;
    purchases::lock_products(tx, &ids(&demands)).await?;
    let mut items = levels::lock(tx, &ids(&demands), cx.clock.now()).await?;
    // What is paid for may be taken whatever became of the product since.
    let all = levels::stocks(&items, |_| true);
    let lines = match rules::allocate(&all, &demands, cx.clock.now()) {
        Ok(lines) => lines,
        Err(short) => {
            let rejected = InventoryRejected {
                order_id: order,
                lines: short.clone(),
            };
            store::set_hold(tx, order, Hold::Rejected, &cx.clock).await?;
            cx.publisher.publish(tx, &rejected).await?;
            return Ok(Err(short));
        }
    };
    let snapshots: BTreeMap<VariantId, VariantSnapshot> = held
        .into_iter()
        .filter_map(|held| Some((held.line.variant_id, held.snapshot?)))
        .collect();
    store::remove_lines(tx, order).await?;
    store::set_hold(tx, order, Hold::Committed, &cx.clock).await?;
    let new: Vec<NewLine> = lines
        .iter()
        .map(|line| NewLine {
            order,
            line: *line,
            snapshot: snapshots.get(&line.variant_id).cloned(),
        })
        .collect();
    let changes = rules::sell_unheld(order, &lines);
    stock::apply(tx, cx, &mut items, &changes, &new, Cause::default()).await?;
    purchases::count_sold(tx, &ids(&demands), &units(&demands, 1)).await?;
    Ok(Ok(()))
}

/// Puts back what was sold.
async fn restock(tx: &mut PgConnection, cx: &Context, order: OrderId) -> sqlx::Result<()> {
    unsell(tx, cx, order, rules::restock).await
}

/// What was sold is gone; nothing is owed any more.
async fn write_off(tx: &mut PgConnection, cx: &Context, order: OrderId) -> sqlx::Result<()> {
    unsell(tx, cx, order, rules::write_off).await
}

async fn unsell(
    tx: &mut PgConnection,
    cx: &Context,
    order: OrderId,
    back: fn(OrderId, &[Line], &Stocks) -> Vec<Change>,
) -> sqlx::Result<()> {
    let demands = demands_of(&store::lines(tx, order).await?)?;
    purchases::lock_products(tx, &ids(&demands)).await?;
    let mut items = levels::lock(tx, &ids(&demands), cx.clock.now()).await?;
    // Read under the lock: goods may have come for it meanwhile.
    let sold = store::lines(tx, order).await?;
    store::set_hold(tx, order, Hold::Released, &cx.clock).await?;
    store::forgive(tx, order).await?;
    let changes = back(order, &plain(&sold), &levels::stocks(&items, |_| true));
    stock::apply(tx, cx, &mut items, &changes, &[], Cause::default()).await?;
    purchases::count_sold(tx, &ids(&demands), &units(&demands, -1)).await?;
    purchases::remove(tx, order).await
}

/// Takes back what a customer sent, once for each return however often it is told.
pub(crate) async fn take_back(
    tx: &mut PgConnection,
    cx: &Context,
    order: OrderId,
    id: ReturnId,
    demands: &[Demand],
) -> sqlx::Result<()> {
    if demands.is_empty() {
        return Ok(());
    }
    let mut items = levels::lock(tx, &ids(demands), cx.clock.now()).await?;
    if movements::know_return(tx, id).await? {
        return Ok(());
    }
    let sold = plain(&store::lines(tx, order).await?);
    let changes = rules::take_back(order, demands, &sold, &levels::stocks(&items, |_| true));
    let cause = Cause {
        returned: Some(id),
        ..Cause::default()
    };
    stock::apply(tx, cx, &mut items, &changes, &[], cause).await
}

pub(crate) fn ids(demands: &[Demand]) -> Vec<Uuid> {
    demands
        .iter()
        .map(|demand| demand.variant_id.uuid())
        .collect()
}

pub(crate) fn units(demands: &[Demand], sign: i32) -> Vec<i32> {
    demands.iter().map(|demand| sign * demand.units()).collect()
}
