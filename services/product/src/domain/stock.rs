//! The stock rules. Every change of stock in this service is decided here.
//!
//! A level is what lies at one place: `on_hand` units, of which `reserved` are held for orders. A change is written to the
//! level and to the ledger in one statement; the ledger's sums are the levels.

use std::collections::BTreeMap;

use contracts::events::StockLine;
use contracts::internal::reservations::ShortLine;
use primitives::{ProductId, Quantity, VariantId};
use sqlx::Type;

/// Units at one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Level {
    pub(crate) on_hand: i32,
    pub(crate) reserved: i32,
}

impl Level {
    /// Units that can be had.
    pub(crate) fn available(self) -> i32 {
        self.on_hand - self.reserved
    }

    /// What always holds.
    pub(crate) fn is_sound(self) -> bool {
        self.on_hand >= 0 && self.reserved >= 0 && self.reserved <= self.on_hand
    }

    /// The level after a change, if it is still sound.
    pub(crate) fn after(self, change: &Change) -> Option<Self> {
        let after = Self {
            on_hand: self.on_hand.checked_add(change.on_hand)?,
            reserved: self.reserved.checked_add(change.reserved)?,
        };
        after.is_sound().then_some(after)
    }
}

/// Why stock moved: the kind of a ledger row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub(crate) enum Kind {
    /// Goods came in.
    Receive,
    /// A count was corrected.
    Adjust,
    /// Held for an order.
    Reserve,
    /// No longer held.
    Release,
    /// Sold.
    Sell,
    /// Sold, but the order was cancelled before it was shipped.
    Restock,
}

impl Kind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Receive => "receive",
            Self::Adjust => "adjust",
            Self::Reserve => "reserve",
            Self::Release => "release",
            Self::Sell => "sell",
            Self::Restock => "restock",
        }
    }
}

/// One movement of one variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) variant_id: VariantId,
    pub(crate) kind: Kind,
    pub(crate) on_hand: i32,
    pub(crate) reserved: i32,
}

impl Change {
    fn new(demand: Demand, kind: Kind, on_hand: i32, reserved: i32) -> Self {
        Self {
            variant_id: demand.variant_id,
            kind,
            on_hand: on_hand * demand.units(),
            reserved: reserved * demand.units(),
        }
    }
}

/// Units of one variant that an order wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Demand {
    pub(crate) variant_id: VariantId,
    pub(crate) quantity: Quantity,
}

impl Demand {
    fn units(self) -> i32 {
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

/// The lines that cannot be served. A variant that is unknown or not for sale has no level: none can be had.
pub(crate) fn short_lines(
    levels: &BTreeMap<VariantId, Level>,
    demands: &[Demand],
) -> Vec<ShortLine> {
    demands
        .iter()
        .map(|demand| {
            (
                demand,
                levels
                    .get(&demand.variant_id)
                    .map_or(0, |level| level.available()),
            )
        })
        .filter(|(demand, available)| *available < demand.units())
        .map(|(demand, available)| ShortLine {
            variant_id: demand.variant_id,
            requested: demand.units(),
            available,
        })
        .collect()
}

/// Holds all or none.
pub(crate) fn reserve(
    levels: &BTreeMap<VariantId, Level>,
    demands: &[Demand],
) -> Result<Vec<Change>, Vec<ShortLine>> {
    all_or_none(levels, demands, |demand| {
        Change::new(demand, Kind::Reserve, 0, 1)
    })
}

/// Sells what was not held, all or none.
pub(crate) fn sell_unheld(
    levels: &BTreeMap<VariantId, Level>,
    demands: &[Demand],
) -> Result<Vec<Change>, Vec<ShortLine>> {
    all_or_none(levels, demands, |demand| {
        Change::new(demand, Kind::Sell, -1, 0)
    })
}

fn all_or_none(
    levels: &BTreeMap<VariantId, Level>,
    demands: &[Demand],
    change: impl Fn(Demand) -> Change,
) -> Result<Vec<Change>, Vec<ShortLine>> {
    let short = short_lines(levels, demands);
    if short.is_empty() {
        Ok(demands.iter().copied().map(change).collect())
    } else {
        Err(short)
    }
}

/// Sells what was held.
pub(crate) fn sell_held(demands: &[Demand]) -> Vec<Change> {
    demands
        .iter()
        .map(|demand| Change::new(*demand, Kind::Sell, -1, -1))
        .collect()
}

/// Lets go of what was held.
pub(crate) fn release(demands: &[Demand]) -> Vec<Change> {
    demands
        .iter()
        .map(|demand| Change::new(*demand, Kind::Release, 0, -1))
        .collect()
}

/// Takes back what was sold.
pub(crate) fn restock(demands: &[Demand]) -> Vec<Change> {
    demands
        .iter()
        .map(|demand| Change::new(*demand, Kind::Restock, 1, 0))
        .collect()
}

/// A correction by hand: an absolute count or a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Correction {
    Set(i32),
    Delta(i32),
}

/// Why a correction is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CorrectionError {
    /// There would be fewer units than none, or more than a million.
    OutOfRange,
    /// There would be fewer units than are held for orders.
    BelowReserved,
}

/// The movement of a correction; none if it changes nothing. The first goods of an empty place are received, all else is
/// an adjustment.
pub(crate) fn correct(
    variant_id: VariantId,
    level: Level,
    correction: Correction,
) -> Result<Option<Change>, CorrectionError> {
    let target = match correction {
        Correction::Set(units) => units,
        Correction::Delta(units) => level
            .on_hand
            .checked_add(units)
            .ok_or(CorrectionError::OutOfRange)?,
    };
    if !(0..=super::text::Units::MAX).contains(&target) {
        return Err(CorrectionError::OutOfRange);
    }
    if target < level.reserved {
        return Err(CorrectionError::BelowReserved);
    }
    let on_hand = target - level.on_hand;
    let kind = if level == Level::default() {
        Kind::Receive
    } else {
        Kind::Adjust
    };
    Ok((on_hand != 0).then_some(Change {
        variant_id,
        kind,
        on_hand,
        reserved: 0,
    }))
}

/// Whether staff should hear: the units that can be had fell to the threshold just now.
pub(crate) fn fell_low(before: Level, after: Level, threshold: i32) -> bool {
    before.available() > threshold && after.available() <= threshold
}

/// Where an order's reservation is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub(crate) enum Hold {
    /// Units are held.
    Held,
    /// Units are sold.
    Committed,
    /// The order is cancelled: for ever.
    Released,
    /// Nobody paid in time; the order may still be paid.
    Expired,
    /// The order was paid too late and the units were gone: for ever.
    Rejected,
}

impl Hold {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Committed => "committed",
            Self::Released => "released",
            Self::Expired => "expired",
            Self::Rejected => "rejected",
        }
    }
}

/// What happened to the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OrderFate {
    /// It is paid.
    Confirmed,
    /// It will not happen.
    Cancelled,
    /// The hold's time is up.
    TimedOut,
}

/// What is to be done with the units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Settlement {
    /// Nothing: it was done before, or is too late.
    Nothing,
    /// Sell what is held.
    SellHeld,
    /// Try to sell units that are not held; reject the order if they are gone.
    SellUnheld,
    /// Let go of what is held, and end up so.
    Release(Hold),
    /// Take back what was sold.
    Restock,
    /// Only note that the order is cancelled, so that it never takes stock.
    Close,
}

/// Events are delivered more than once and in any order, so this depends on nothing but the state. `None` is an order
/// that no reservation is known of.
pub(crate) fn settle(hold: Option<Hold>, fate: OrderFate) -> Settlement {
    match (fate, hold) {
        (OrderFate::Confirmed, Some(Hold::Held)) => Settlement::SellHeld,
        (OrderFate::Confirmed, Some(Hold::Expired) | None) => Settlement::SellUnheld,
        (OrderFate::Cancelled, Some(Hold::Held)) => Settlement::Release(Hold::Released),
        (OrderFate::Cancelled, Some(Hold::Committed)) => Settlement::Restock,
        (OrderFate::Cancelled, Some(Hold::Expired) | None) => Settlement::Close,
        (OrderFate::TimedOut, Some(Hold::Held)) => Settlement::Release(Hold::Expired),
        (OrderFate::Confirmed, Some(Hold::Committed | Hold::Released | Hold::Rejected))
        | (OrderFate::Cancelled, Some(Hold::Released | Hold::Rejected))
        | (OrderFate::TimedOut, _) => Settlement::Nothing,
    }
}

#[cfg(test)]
#[path = "stock_tests.rs"]
mod tests;
