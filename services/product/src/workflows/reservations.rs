//! Holding stock for orders.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use contracts::events::{InventoryReserved, StockLine};
use contracts::internal::reservations::{Reservation, ReservedLine};
use contracts::internal::variants::VariantSnapshot;
use messaging::Traced;
use primitives::{OrderId, Timestamp, VariantId};
use sqlx::{Connection as _, PgConnection};
use uuid::Uuid;

use super::settlements::demands_of;
use super::stock;
use crate::app::Context;
use crate::domain::allocation::{self as rules, Demand, Stocks};
use crate::domain::hold::Hold;
use crate::domain::stock::Change;
use crate::error::HoldError;
use crate::store::reservations::{self as store, HeldLine, NewLine};
use crate::store::stock::{self as levels, Cause, Items};

/// What an order asks for.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) order: OrderId,
    /// Sorted by variant.
    pub(crate) demands: Vec<Demand>,
    pub(crate) lasts: Duration,
    /// Of whoever asks.
    pub(crate) traceparent: Option<String>,
}

/// What it is told.
pub(crate) type Answer = Result<Reservation, HoldError>;

/// Holds all lines for an order, or none. An order of one variant joins that variant's queue, where those that wait together
/// are served together; if that fails it goes alone, as orders of several variants do.
pub(crate) async fn hold(cx: &Context, request: Request) -> Answer {
    if let Some(answer) = cx.queues.wait(cx, &request).await {
        return answer;
    }
    hold_alone(cx, request).await
}

/// Holds all lines for an order, or none, in a transaction of its own.
pub(crate) async fn hold_alone(cx: &Context, request: Request) -> Answer {
    let answers = hold_all(cx, &[request]).await?;
    answers
        .into_iter()
        .next()
        .unwrap_or_else(|| Err(sqlx::Error::RowNotFound.into()))
}

/// Holds for each order all of its lines, or none: several orders, each known only once, in one transaction with as many
/// statements as for one. The orders' ids are claimed before anything else, so a second call with one waits for the first and
/// then gets its answer. An error is everybody's, and then nothing was held.
pub(crate) async fn hold_all(cx: &Context, requests: &[Request]) -> sqlx::Result<Vec<Answer>> {
    let mut db = cx.pool.acquire().await?;
    let mut answers = refuse_what_is_gone(&mut db, cx, requests).await?;
    let open: Vec<&Request> = requests
        .iter()
        .filter(|request| !answers.contains_key(&request.order))
        .collect();
    if !open.is_empty() {
        let mut tx = db.begin().await?;
        if hold_open(&mut tx, cx, &open, &mut answers).await? {
            runtime::fault::point("hold.written");
            tx.commit().await?;
            runtime::fault::point("hold.committed");
        } else {
            tx.rollback().await?;
        }
    }
    let mut all = Vec::with_capacity(requests.len());
    for request in requests {
        all.push(match answers.remove(&request.order) {
            Some(answer) => answer,
            None => again(&mut db, cx, request).await,
        });
    }
    Ok(all)
}

type Answers = BTreeMap<OrderId, Answer>;

/// When something is sold out, most calls end here, without a place in the queue for its row. Of whom something is known already
/// it says nothing.
async fn refuse_what_is_gone(
    db: &mut PgConnection,
    cx: &Context,
    requests: &[Request],
) -> sqlx::Result<Answers> {
    let now = cx.clock.now();
    let seen = levels::for_sale(&levels::read(db, &variants(requests), &[], now).await?);
    let short: Vec<(OrderId, Vec<_>)> = requests
        .iter()
        .map(|request| {
            (
                request.order,
                rules::short_lines(&seen, &request.demands, now),
            )
        })
        .filter(|(_, short)| !short.is_empty())
        .collect();
    if short.is_empty() {
        return Ok(Answers::new());
    }
    let orders: Vec<Uuid> = short.iter().map(|(order, _)| order.uuid()).collect();
    let known = levels::known(db, &orders).await?;
    Ok(short
        .into_iter()
        .filter(|(order, _)| !known.contains(order))
        .map(|(order, short)| (order, Err(HoldError::Short(short))))
        .collect())
}

/// Answers whoever is not known yet; false if nothing was held.
async fn hold_open(
    tx: &mut PgConnection,
    cx: &Context,
    requests: &[&Request],
    answers: &mut Answers,
) -> sqlx::Result<bool> {
    let now = cx.clock.now();
    let orders: Vec<Uuid> = requests
        .iter()
        .map(|request| request.order.uuid())
        .collect();
    let expire_at: Vec<Timestamp> = requests.iter().map(|request| now + request.lasts).collect();
    let variants = variants(requests.iter().copied());
    let claimed = store::claim_and_lock(tx, &orders, &expire_at, &variants, &cx.clock).await?;
    if claimed.is_empty() {
        return Ok(false);
    }
    let claimed: BTreeSet<OrderId> = claimed.into_iter().collect();
    let mut items = levels::read(tx, &variants, &[], now).await?;
    let mut work = Work::new(&items);
    for request in requests {
        if claimed.contains(&request.order) {
            let answer = work.hold(&items, request, now)?;
            answers.insert(request.order, answer);
        }
    }
    if work.changes.is_empty() {
        return Ok(false);
    }
    if !work.refused.is_empty() {
        store::unclaim(tx, &work.refused).await?;
    }
    stock::apply(
        tx,
        cx,
        &mut items,
        &work.changes,
        &work.lines,
        Cause::default(),
    )
    .await?;
    cx.publisher.publish_all(tx, &work.events).await?;
    Ok(true)
}

/// What a transaction is about to write, decided order by order.
struct Work {
    stocks: Stocks,
    changes: Vec<Change>,
    lines: Vec<NewLine>,
    events: Vec<Traced<InventoryReserved>>,
    refused: Vec<Uuid>,
}

impl Work {
    fn new(items: &Items) -> Self {
        Self {
            stocks: levels::for_sale(items),
            changes: Vec::new(),
            lines: Vec::new(),
            events: Vec::new(),
            refused: Vec::new(),
        }
    }

    /// Decides on one order; what it takes is gone for those after it.
    fn hold(&mut self, items: &Items, request: &Request, now: Timestamp) -> sqlx::Result<Answer> {
        let order = request.order;
        let lines = match rules::allocate(&self.stocks, &request.demands, now) {
            Ok(lines) => lines,
            Err(short) => {
                self.refused.push(order.uuid());
                return Ok(Err(HoldError::Short(short)));
            }
        };
        let changes = rules::reserve(order, &lines);
        for change in &changes {
            let stock = self.stocks.get_mut(&change.variant_id);
            stock
                .and_then(|stock| stock.apply(change))
                .ok_or(sqlx::Error::RowNotFound)?;
        }
        let held: Vec<HeldLine> = lines
            .iter()
            .map(|line| HeldLine {
                line: *line,
                snapshot: self.snapshot(items, line.variant_id),
            })
            .collect();
        self.changes.extend(changes);
        self.lines.extend(held.iter().map(|held| NewLine {
            order,
            line: held.line,
            snapshot: held.snapshot.clone(),
        }));
        self.events.push(Traced {
            traceparent: request.traceparent.clone(),
            event: InventoryReserved {
                order_id: order,
                lines: told(&request.demands, items),
            },
        });
        reservation(order, now + request.lasts, held).map(Ok)
    }

    /// The variant as it was offered, with what is left after this order.
    fn snapshot(&self, items: &Items, variant: VariantId) -> Option<VariantSnapshot> {
        let mut snapshot = items.get(&variant)?.snapshot.clone();
        snapshot.available = self.stocks.get(&variant)?.available();
        Some(snapshot)
    }
}

/// The answer to a repeated call: the same, if it asks for the same and the hold still stands.
async fn again(db: &mut PgConnection, cx: &Context, request: &Request) -> Answer {
    let mut tx = db.begin().await?;
    let reservation = store::lock(&mut tx, request.order)
        .await?
        .ok_or(sqlx::Error::RowNotFound)?;
    let lines = store::lines(&mut tx, request.order).await?;
    tx.rollback().await?;
    let closed = reservation.hold != Hold::Held || reservation.expires_at <= cx.clock.now();
    if closed {
        return Err(HoldError::Closed(reservation.hold));
    }
    if demands_of(&lines)? != request.demands {
        return Err(HoldError::Mismatch);
    }
    Ok(self::reservation(
        request.order,
        reservation.expires_at,
        lines,
    )?)
}

/// One line for each variant, whichever places serve it.
fn reservation(
    order_id: OrderId,
    expires_at: Timestamp,
    held: Vec<HeldLine>,
) -> sqlx::Result<Reservation> {
    let owed = |variant| {
        let lines = held.iter().map(|held| held.line);
        lines
            .filter(|line| line.variant_id == variant)
            .map(|line| line.owed)
            .sum()
    };
    let lines = demands_of(&held)?.into_iter().filter_map(|demand| {
        let found = held
            .iter()
            .find(|held| held.line.variant_id == demand.variant_id)?;
        Some(ReservedLine {
            quantity: demand.quantity,
            owed: owed(demand.variant_id),
            variant: found.snapshot.clone()?,
        })
    });
    Ok(Reservation {
        order_id,
        expires_at,
        lines: lines.collect(),
    })
}

/// Lines as events tell of them.
pub(super) fn told(demands: &[Demand], items: &Items) -> Vec<StockLine> {
    demands
        .iter()
        .map(|demand| {
            let item = items.get(&demand.variant_id);
            demand.line(item.map(|item| item.snapshot.product_id))
        })
        .collect()
}

fn variants<'a>(requests: impl IntoIterator<Item = &'a Request>) -> Vec<Uuid> {
    let ids: BTreeSet<Uuid> = requests
        .into_iter()
        .flat_map(|request| &request.demands)
        .map(|demand| demand.variant_id.uuid())
        .collect();
    ids.into_iter().collect()
}
