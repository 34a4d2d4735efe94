//! Which places serve an order, and what becomes of what they gave. Pure, and the same for the same stock.

use std::collections::BTreeMap;

use contracts::events::StockLine;
use contracts::internal::reservations::ShortLine;
use primitives::{LocationId, OrderId, ProductId, Quantity, Timestamp, VariantId};

use super::stock::{Change, Kind, Stock, home};

/// The stock of several variants.
pub(crate) type Stocks = BTreeMap<VariantId, Stock>;

/// Units of one variant that an order wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Demand {
    pub(crate) variant_id: VariantId,
    pub(crate) quantity: Quantity,
}

impl Demand {
    pub(crate) fn units(self) -> i32 {
        self.quantity.get()
    }

    /// As events tell of it.
    pub(crate) fn line(self, product_id: Option<ProductId>) -> StockLine {
        StockLine {
            variant_id: self.variant_id,
            quantity: self.units(),
            product_id,
        }
    }
}

/// An order wants more units of a variant than any line may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooMany;

/// Sums the lines of each variant and sorts them by variant: the order in which rows are locked, so that no two
/// orders wait for each other.
pub(crate) fn demands(
    lines: impl IntoIterator<Item = (VariantId, Quantity)>,
) -> Result<Vec<Demand>, TooMany> {
    let mut sums = BTreeMap::<VariantId, Quantity>::new();
    for (variant, quantity) in lines {
        let sum = match sums.get(&variant) {
            Some(sum) => sum.checked_add(quantity).map_err(|_| TooMany)?,
            None => quantity,
        };
        sums.insert(variant, sum);
    }
    Ok(sums
        .into_iter()
        .map(|(variant_id, quantity)| Demand {
            variant_id,
            quantity,
        })
        .collect())
}

/// What one place gives to one order of one variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) variant_id: VariantId,
    pub(crate) location: LocationId,
    /// All of its units.
    pub(crate) quantity: i32,
    /// Those that are not there yet; only at [`home`].
    pub(crate) owed: i32,
}

impl Line {
    /// Units that lie there.
    pub(crate) fn taken(self) -> i32 {
        self.quantity - self.owed
    }

    fn change(self, order: OrderId, kind: Kind, on_hand: i32, reserved: i32, owed: i32) -> Change {
        Change {
            variant_id: self.variant_id,
            location: self.location,
            kind,
            on_hand: on_hand * self.taken(),
            reserved: reserved * self.taken(),
            owed: owed * self.owed,
            order: Some(order),
        }
    }
}

/// The lines that cannot be served. A variant that is unknown or not for sale has no stock: none can be had.
pub(crate) fn short_lines(stocks: &Stocks, demands: &[Demand], now: Timestamp) -> Vec<ShortLine> {
    let short = |demand: &Demand| {
        let stock = stocks.get(&demand.variant_id);
        let available = stock.map_or(0, |stock| stock.obtainable(now));
        (available < demand.units()).then_some(ShortLine {
            variant_id: demand.variant_id,
            requested: demand.units(),
            available,
        })
    };
    demands.iter().filter_map(short).collect()
}

/// Serves all or none. One place serves the whole order if any can, else a line comes from one place if any has it, else from
/// several; always those that come first. What can be had nowhere is owed, if the variant's terms allow it.
pub(crate) fn allocate(
    stocks: &Stocks,
    demands: &[Demand],
    now: Timestamp,
) -> Result<Vec<Line>, Vec<ShortLine>> {
    let short = short_lines(stocks, demands, now);
    if !short.is_empty() {
        return Err(short);
    }
    let whole = whole_order(stocks, demands);
    Ok(demands
        .iter()
        .filter_map(|demand| stocks.get(&demand.variant_id).map(|stock| (demand, stock)))
        .flat_map(|(demand, stock)| serve_line(stock, *demand, whole))
        .collect())
}

/// The first place that has everything.
fn whole_order(stocks: &Stocks, demands: &[Demand]) -> Option<LocationId> {
    let has = |location: LocationId, demand: &Demand| {
        stocks.get(&demand.variant_id).is_some_and(|stock| {
            stock.available() >= demand.units() && stock.level(location).free() >= demand.units()
        })
    };
    let first = stocks.get(&demands.first()?.variant_id)?;
    first
        .free_shelves()
        .map(|(location, _)| location)
        .find(|location| demands.iter().all(|demand| has(*location, demand)))
}

fn serve_line(stock: &Stock, demand: Demand, whole: Option<LocationId>) -> Vec<Line> {
    let line = |location, quantity, owed| Line {
        variant_id: demand.variant_id,
        location,
        quantity,
        owed,
    };
    let wanted = demand.units();
    let mut from_stock = wanted.min(stock.available());
    let alone = whole.or_else(|| {
        let mut shelves = stock.free_shelves();
        let found = shelves.find(|(_, free)| *free >= wanted && from_stock == wanted);
        found.map(|(location, _)| location)
    });
    if let Some(location) = alone {
        return vec![line(location, wanted, 0)];
    }
    let owed = wanted - from_stock;
    let mut lines = Vec::new();
    for (location, free) in stock.free_shelves() {
        let taken = free.min(from_stock);
        if taken > 0 {
            lines.push(line(location, taken, 0));
            from_stock -= taken;
        }
    }
    if owed > 0 {
        match lines.iter_mut().find(|line| line.location == home()) {
            Some(at_home) => {
                at_home.quantity += owed;
                at_home.owed = owed;
            }
            None => lines.push(line(home(), owed, owed)),
        }
    }
    lines
}

/// Holds lines for an order.
pub(crate) fn reserve(order: OrderId, lines: &[Line]) -> Vec<Change> {
    changes(order, lines, Kind::Reserve, 0, 1, 1)
}

/// Sells lines that were not held.
pub(crate) fn sell_unheld(order: OrderId, lines: &[Line]) -> Vec<Change> {
    changes(order, lines, Kind::Sell, -1, 0, 1)
}

/// Sells what was held. What was owed stays so until goods come.
pub(crate) fn sell_held(order: OrderId, lines: &[Line]) -> Vec<Change> {
    changes(order, lines, Kind::Sell, -1, -1, 0)
}

/// Lets go of what was held.
pub(crate) fn release(order: OrderId, lines: &[Line]) -> Vec<Change> {
    changes(order, lines, Kind::Release, 0, -1, -1)
}

fn changes(
    order: OrderId,
    lines: &[Line],
    kind: Kind,
    on_hand: i32,
    reserved: i32,
    owed: i32,
) -> Vec<Change> {
    lines
        .iter()
        .map(|line| line.change(order, kind, on_hand, reserved, owed))
        .filter(|change| !change.is_nothing())
        .collect()
}

/// Takes back what was sold: to where it came from, or to the first active place if that one is inactive now.
pub(crate) fn restock(order: OrderId, lines: &[Line], stocks: &Stocks) -> Vec<Change> {
    let mut sums = BTreeMap::<(VariantId, LocationId), Change>::new();
    for line in lines {
        let back = line.change(order, Kind::Restock, 1, 0, -1);
        let stock = stocks.get(&line.variant_id);
        let active = stock
            .and_then(|stock| stock.shelf(line.location))
            .is_some_and(|shelf| shelf.active);
        let elsewhere = stock.and_then(Stock::first_active).filter(|_| !active);
        let parts = match elsewhere {
            Some(location) => vec![
                Change {
                    location,
                    owed: 0,
                    ..back
                },
                Change { on_hand: 0, ..back },
            ],
            None => vec![back],
        };
        for part in parts.into_iter().filter(|part| !part.is_nothing()) {
            sums.entry((part.variant_id, part.location))
                .and_modify(|sum| {
                    sum.on_hand += part.on_hand;
                    sum.owed += part.owed;
                })
                .or_insert(part);
        }
    }
    sums.into_values().collect()
}

/// What is left to settle of an order whose goods are written off: what it is owed, which it never had.
pub(crate) fn write_off(order: OrderId, lines: &[Line], stocks: &Stocks) -> Vec<Change> {
    let owed: Vec<Line> = lines
        .iter()
        .map(|line| Line {
            quantity: line.owed,
            ..*line
        })
        .collect();
    restock(order, &owed, stocks)
}

/// Takes back what a customer sent: to where it came from, or to the first active place if that one is inactive now.
pub(crate) fn take_back(
    order: OrderId,
    demands: &[Demand],
    lines: &[Line],
    stocks: &Stocks,
) -> Vec<Change> {
    let back = |demand: &Demand| {
        let stock = stocks.get(&demand.variant_id)?;
        let active = |line: &&Line| {
            line.variant_id == demand.variant_id
                && stock.shelf(line.location).is_some_and(|shelf| shelf.active)
        };
        let location = match lines.iter().find(active) {
            Some(line) => line.location,
            None => stock.first_active()?,
        };
        Some(Change {
            order: Some(order),
            ..Change::of_goods(demand.variant_id, location, Kind::Return, demand.units())
        })
    };
    demands.iter().filter_map(back).collect()
}

/// A paid order that waits for units of a variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Waiting {
    pub(crate) order: OrderId,
    pub(crate) owed: i32,
}

/// Units given to a waiting order by a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Served {
    pub(crate) order: OrderId,
    pub(crate) variant_id: VariantId,
    pub(crate) location: LocationId,
    pub(crate) units: i32,
}

impl Served {
    /// Its movements: one if the goods lie where what is owed is written down, else two.
    pub(crate) fn changes(self) -> Vec<Change> {
        let change = |location, on_hand, owed| Change {
            variant_id: self.variant_id,
            location,
            kind: Kind::Serve,
            on_hand,
            reserved: 0,
            owed,
            order: Some(self.order),
        };
        if self.location == home() {
            vec![change(home(), -self.units, -self.units)]
        } else {
            vec![
                change(self.location, -self.units, 0),
                change(home(), 0, -self.units),
            ]
        }
    }
}

/// Gives what nobody holds to those who wait, the first who came first.
pub(crate) fn serve(variant_id: VariantId, stock: &Stock, waiting: &[Waiting]) -> Vec<Served> {
    let mut shelves: Vec<(LocationId, i32)> = stock.free_shelves().collect();
    let mut served = Vec::new();
    for Waiting { order, owed } in waiting {
        let mut due = *owed;
        for (location, free) in &mut shelves {
            let units = due.min(*free);
            if units > 0 {
                served.push(Served {
                    order: *order,
                    variant_id,
                    location: *location,
                    units,
                });
                *free -= units;
                due -= units;
            }
        }
    }
    served
}

#[cfg(test)]
#[path = "allocation_tests.rs"]
mod tests;
