//! Holding stock for an order, and what becomes of it.

use std::collections::BTreeMap;
use std::time::Duration;

use contracts::events::{InventoryRejected, InventoryReleased, InventoryReserved, StockLine};
use contracts::internal::reservations::{Reservation, ReservedLine, ShortLine};
use primitives::{OrderId, VariantId};
use sqlx::{Connection as _, PgConnection};
use uuid::Uuid;

use super::stock;
use crate::app::Context;
use crate::domain::stock::{self as rules, Change, Demand, Hold, Level, OrderFate, Settlement};
use crate::error::HoldError;
use crate::store::reservations::{self as store, Line};
use crate::store::stock::{Cause, Locked};
use crate::store::{purchases, stock as levels};

/// Holds all lines for an order, or none. The order's id is claimed before anything else, so a second call with it waits for
/// the first and then gets its answer.
pub(crate) async fn hold(
    cx: &Context,
    order: OrderId,
    demands: Vec<Demand>,
    lasts: Duration,
) -> Result<Reservation, HoldError> {
    let mut db = cx.pool.acquire().await?;
    // When something is sold out, most calls end here, without a place in the queue for its row.
    if let Some(seen) = levels::peek(&mut db, order, &ids(&demands)).await? {
        rules::reserve(&seen, &demands).map_err(HoldError::Short)?;
    }
    let mut tx = db.begin().await?;
    let now = cx.clock.now();
    let expires_at = now + lasts;
    if !store::claim(&mut tx, order, Hold::Held, expires_at, &cx.clock).await? {
        return again(&mut tx, cx, order, &demands).await;
    }
    let locked = levels::lock(&mut tx, &ids(&demands)).await?;
    let changes = match rules::reserve(&for_sale(&locked), &demands) {
        Ok(changes) => changes,
        Err(short) => {
            tx.rollback().await?;
            return Err(HoldError::Short(short));
        }
    };
    let lines: Vec<Line> = demands
        .iter()
        .map(|demand| {
            let snapshot = locked.get(&demand.variant_id).map(|locked| {
                let mut snapshot = locked.snapshot.clone();
                snapshot.available -= demand.quantity.get();
                snapshot
            });
            Line {
                demand: *demand,
                snapshot,
            }
        })
        .collect();
    store::add_lines(&mut tx, order, &lines).await?;
    stock::apply(&mut tx, cx, &locked, &changes, of_order(order)).await?;
    cx.publisher
        .publish(
            &mut tx,
            &InventoryReserved {
                order_id: order,
                lines: told(&demands, &locked),
            },
        )
        .await?;
    tx.commit().await?;
    Ok(Reservation {
        order_id: order,
        expires_at,
        lines: reserved_lines(lines),
    })
}

/// The answer to a repeated call: the same, if it asks for the same and the hold still stands.
async fn again(
    tx: &mut PgConnection,
    cx: &Context,
    order: OrderId,
    demands: &[Demand],
) -> Result<Reservation, HoldError> {
    let reservation = store::lock(tx, order)
        .await?
        .ok_or(sqlx::Error::RowNotFound)?;
    let lines = store::lines(tx, order).await?;
    let closed = reservation.hold != Hold::Held || reservation.expires_at <= cx.clock.now();
    if closed {
        return Err(HoldError::Closed(reservation.hold));
    }
    if !lines
        .iter()
        .map(|line| line.demand)
        .eq(demands.iter().copied())
    {
        return Err(HoldError::Mismatch);
    }
    Ok(Reservation {
        order_id: order,
        expires_at: reservation.expires_at,
        lines: reserved_lines(lines),
    })
}

fn reserved_lines(lines: Vec<Line>) -> Vec<ReservedLine> {
    lines
        .into_iter()
        .filter_map(|line| {
            line.snapshot.map(|variant| ReservedLine {
                quantity: line.demand.quantity,
                variant,
            })
        })
        .collect()
}

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
        let lines: Vec<Line> = ordered
            .iter()
            .map(|demand| Line {
                demand: *demand,
                snapshot: None,
            })
            .collect();
        store::add_lines(tx, order, &lines).await?;
    }
    let found = store::lock(tx, order)
        .await?
        .ok_or(sqlx::Error::RowNotFound)?
        .hold;
    let settlement = rules::settle(Some(found), fate);
    if settlement == Settlement::Nothing {
        return Ok(Settled {
            hold: found,
            short: Vec::new(),
        });
    }
    let demands: Vec<Demand> = store::lines(tx, order)
        .await?
        .into_iter()
        .map(|line| line.demand)
        .collect();
    let mut short = Vec::new();
    let hold = match settlement {
        Settlement::Nothing => found,
        Settlement::Close => Hold::Released,
        Settlement::Release(after) => {
            let locked = levels::lock(tx, &ids(&demands)).await?;
            stock::apply(tx, cx, &locked, &rules::release(&demands), of_order(order)).await?;
            let released = InventoryReleased {
                order_id: order,
                lines: told(&demands, &locked),
            };
            cx.publisher.publish(tx, &released).await?;
            after
        }
        Settlement::SellHeld | Settlement::SellUnheld => {
            let sold = sell(tx, cx, order, &demands, |levels| match settlement {
                Settlement::SellHeld => Ok(rules::sell_held(&demands)),
                _ => rules::sell_unheld(levels, &demands),
            });
            match sold.await? {
                Ok(()) => Hold::Committed,
                Err(missing) => {
                    cx.publisher
                        .publish(
                            tx,
                            &InventoryRejected {
                                order_id: order,
                                lines: missing.clone(),
                            },
                        )
                        .await?;
                    short = missing;
                    Hold::Rejected
                }
            }
        }
        Settlement::Restock => {
            purchases::lock_products(tx, &ids(&demands)).await?;
            let locked = levels::lock(tx, &ids(&demands)).await?;
            stock::apply(tx, cx, &locked, &rules::restock(&demands), of_order(order)).await?;
            purchases::count_sold(tx, &ids(&demands), &units(&demands, -1)).await?;
            purchases::remove(tx, order).await?;
            Hold::Released
        }
    };
    store::set_hold(tx, order, hold, &cx.clock).await?;
    Ok(Settled { hold, short })
}

/// Sells, if the rules say so; what is short otherwise.
async fn sell(
    tx: &mut PgConnection,
    cx: &Context,
    order: OrderId,
    demands: &[Demand],
    decide: impl FnOnce(&BTreeMap<VariantId, Level>) -> Result<Vec<Change>, Vec<ShortLine>>,
) -> sqlx::Result<Result<(), Vec<ShortLine>>> {
    purchases::lock_products(tx, &ids(demands)).await?;
    let locked = levels::lock(tx, &ids(demands)).await?;
    let all = locked
        .iter()
        .map(|(id, locked)| (*id, locked.level))
        .collect();
    match decide(&all) {
        Ok(changes) => {
            stock::apply(tx, cx, &locked, &changes, of_order(order)).await?;
            purchases::count_sold(tx, &ids(demands), &units(demands, 1)).await?;
            Ok(Ok(()))
        }
        Err(short) => Ok(Err(short)),
    }
}

/// Only what is public may be held; what is paid for may be taken whatever became of the product since.
fn for_sale(locked: &BTreeMap<VariantId, Locked>) -> BTreeMap<VariantId, Level> {
    locked
        .iter()
        .filter(|(_, locked)| locked.snapshot.active)
        .map(|(id, locked)| (*id, locked.level))
        .collect()
}

/// Lines as events tell of them.
fn told(demands: &[Demand], locked: &BTreeMap<VariantId, Locked>) -> Vec<StockLine> {
    let product = |id| locked.get(&id).map(|locked| locked.snapshot.product_id);
    demands
        .iter()
        .map(|demand| demand.line(product(demand.variant_id)))
        .collect()
}

fn of_order(order: OrderId) -> Cause<'static> {
    Cause {
        order: Some(order),
        ..Cause::default()
    }
}

pub(crate) fn ids(demands: &[Demand]) -> Vec<Uuid> {
    demands
        .iter()
        .map(|demand| demand.variant_id.uuid())
        .collect()
}

pub(crate) fn units(demands: &[Demand], sign: i32) -> Vec<i32> {
    demands
        .iter()
        .map(|demand| sign * demand.quantity.get())
        .collect()
}
