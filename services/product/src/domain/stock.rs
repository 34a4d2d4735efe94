//! What lies where, and every way in which it changes.
//!
//! A variant's stock is a shelf at each place: `on_hand` units, of which `reserved` are held for orders. What is promised to
//! orders beyond that is `owed`. A change is written to the level and to the ledger in one statement; the ledger's sums are
//! the levels.

use primitives::{LocationId, OrderId, VariantId};
use sqlx::Type;
use uuid::Uuid;

use super::terms::Terms;

/// The first place, which migration 3 makes. Every variant has a row there: it is locked before the variant's stock is read or
/// changed, and carries what is owed.
pub(crate) const HOME: Uuid = Uuid::from_u128(0x0000_0000_0000_7000_8000_0000_0000_0001);

/// [`HOME`] as other places are named.
pub(crate) fn home() -> LocationId {
    HOME.into()
}

/// Units at one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Level {
    pub(crate) on_hand: i32,
    pub(crate) reserved: i32,
    /// Only at [`HOME`].
    pub(crate) owed: i32,
}

impl Level {
    /// Units that nobody holds.
    pub(crate) fn free(self) -> i32 {
        self.on_hand - self.reserved
    }

    /// What always holds.
    pub(crate) fn is_sound(self) -> bool {
        self.reserved >= 0 && self.reserved <= self.on_hand && self.owed >= 0
    }

    /// The level after a change, if it is still sound.
    pub(crate) fn after(self, change: &Change) -> Option<Self> {
        let after = Self {
            on_hand: self.on_hand.checked_add(change.on_hand)?,
            reserved: self.reserved.checked_add(change.reserved)?,
            owed: self.owed.checked_add(change.owed)?,
        };
        after.is_sound().then_some(after)
    }
}

/// A variant's share of a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shelf {
    pub(crate) location: LocationId,
    /// Whether the place is active.
    pub(crate) active: bool,
    pub(crate) level: Level,
}

/// All of a variant's stock, and on which terms it is sold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stock {
    /// At every place, in the order in which the places serve.
    pub(crate) shelves: Vec<Shelf>,
    pub(crate) terms: Terms,
}

impl Stock {
    /// Active places that have something, with what nobody holds there.
    pub(crate) fn free_shelves(&self) -> impl Iterator<Item = (LocationId, i32)> + '_ {
        self.shelves
            .iter()
            .filter(|shelf| shelf.active && shelf.level.free() > 0)
            .map(|shelf| (shelf.location, shelf.level.free()))
    }

    /// Units that nobody holds.
    pub(crate) fn free(&self) -> i32 {
        self.free_shelves()
            .fold(0, |sum, (_, units)| sum.saturating_add(units))
    }

    /// Units promised beyond what lies there.
    pub(crate) fn owed(&self) -> i32 {
        self.shelves.iter().map(|shelf| shelf.level.owed).sum()
    }

    /// Units that can be had now: what is owed goes first.
    pub(crate) fn available(&self) -> i32 {
        (self.free() - self.owed()).max(0)
    }

    /// What lies at a place; nothing at one that is not known.
    pub(crate) fn level(&self, location: LocationId) -> Level {
        self.shelf(location)
            .map_or_else(Level::default, |shelf| shelf.level)
    }

    pub(crate) fn shelf(&self, location: LocationId) -> Option<&Shelf> {
        self.shelves.iter().find(|shelf| shelf.location == location)
    }

    /// The active place that is served from and delivered to first.
    pub(crate) fn first_active(&self) -> Option<LocationId> {
        self.shelves
            .iter()
            .find(|shelf| shelf.active)
            .map(|shelf| shelf.location)
    }

    /// Makes a change here as the database will; none if it would not be sound.
    pub(crate) fn apply(&mut self, change: &Change) -> Option<()> {
        let shelf = self
            .shelves
            .iter_mut()
            .find(|shelf| shelf.location == change.location)?;
        shelf.level = shelf.level.after(change)?;
        Some(())
    }
}

/// Why stock moved: the kind of a ledger row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub(crate) enum Kind {
    /// Goods came in.
    Receive,
    /// A number was corrected.
    Adjust,
    /// A stock-take found another number.
    Count,
    /// Moved from one place to another.
    Transfer,
    /// Held for an order.
    Reserve,
    /// No longer held.
    Release,
    /// Sold.
    Sell,
    /// Sold, but the order was cancelled before it was shipped.
    Restock,
    /// Given to a paid order that was waiting for it.
    Serve,
    /// Sent back by a customer, and good enough to be sold again.
    Return,
}

impl Kind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Receive => "receive",
            Self::Adjust => "adjust",
            Self::Count => "count",
            Self::Transfer => "transfer",
            Self::Reserve => "reserve",
            Self::Release => "release",
            Self::Sell => "sell",
            Self::Restock => "restock",
            Self::Serve => "serve",
            Self::Return => "return",
        }
    }

    /// Whether events of its own tell of it.
    pub(crate) fn is_hold(self) -> bool {
        matches!(self, Self::Reserve | Self::Release)
    }
}

/// One movement of one variant at one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) variant_id: VariantId,
    pub(crate) location: LocationId,
    pub(crate) kind: Kind,
    pub(crate) on_hand: i32,
    pub(crate) reserved: i32,
    pub(crate) owed: i32,
    /// For which order.
    pub(crate) order: Option<OrderId>,
}

impl Change {
    /// A movement of goods that no order asked for.
    pub(crate) fn of_goods(
        variant_id: VariantId,
        location: LocationId,
        kind: Kind,
        on_hand: i32,
    ) -> Self {
        Self {
            variant_id,
            location,
            kind,
            on_hand,
            reserved: 0,
            owed: 0,
            order: None,
        }
    }

    /// Whether it moves nothing.
    pub(crate) fn is_nothing(&self) -> bool {
        self.on_hand == 0 && self.reserved == 0 && self.owed == 0
    }
}

/// A correction by hand: an absolute number or a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Correction {
    Set(i32),
    Delta(i32),
    /// What a stock-take found.
    Counted(i32),
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
    location: LocationId,
    level: Level,
    correction: Correction,
) -> Result<Option<Change>, CorrectionError> {
    let target = match correction {
        Correction::Set(units) | Correction::Counted(units) => units,
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
    let kind = match correction {
        Correction::Counted(_) => Kind::Count,
        _ if level.on_hand == 0 => Kind::Receive,
        _ => Kind::Adjust,
    };
    let change = Change::of_goods(variant_id, location, kind, target - level.on_hand);
    Ok((!change.is_nothing()).then_some(change))
}

/// Moves units that nobody holds; none if there are not so many.
pub(crate) fn transfer(
    variant_id: VariantId,
    stock: &Stock,
    from: LocationId,
    to: LocationId,
    units: i32,
) -> Option<[Change; 2]> {
    let enough = stock.level(from).free() >= units;
    let change = |location, units| Change::of_goods(variant_id, location, Kind::Transfer, units);
    enough.then(|| [change(from, -units), change(to, units)])
}

/// Whether staff should hear: the units that can be had fell to the threshold just now, or the threshold rose to them.
pub(crate) fn fell_low(before: &Stock, after: &Stock) -> bool {
    !before.is_low() && after.is_low()
}

impl Stock {
    /// Whether so little is left that staff should know.
    pub(crate) fn is_low(&self) -> bool {
        self.available() <= self.terms.threshold
    }
}

#[cfg(test)]
#[path = "stock_tests.rs"]
mod tests;
