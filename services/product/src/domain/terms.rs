//! On which terms a variant is sold when too little lies there.

use contracts::internal::variants::Availability;
use primitives::Timestamp;

use super::stock::Stock;
use super::text::Units;

/// The most units that may be owed; any number without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Limit(pub(crate) Option<i32>);

impl Limit {
    fn cap(self) -> i32 {
        self.0.unwrap_or(Units::MAX)
    }
}

/// Sold before the day on which it is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Preorder {
    pub(crate) available_on: Timestamp,
    pub(crate) limit: Limit,
}

/// What the seller says of a variant's stock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Terms {
    /// Staff hear when the units that can be had fall to it.
    pub(crate) threshold: i32,
    /// Sold when nothing is left, to be delivered later.
    pub(crate) backorder: Option<Limit>,
    pub(crate) preorder: Option<Preorder>,
}

impl Terms {
    /// The preorder, until its day.
    pub(crate) fn preorder_at(self, now: Timestamp) -> Option<Preorder> {
        self.preorder.filter(|preorder| now < preorder.available_on)
    }

    /// How many units may be owed now.
    fn owed_at_most(self, now: Timestamp) -> i32 {
        match self.preorder_at(now) {
            Some(preorder) => preorder.limit.cap(),
            None => self.backorder.map_or(0, Limit::cap),
        }
    }

    /// Units that may be promised beyond what can be had.
    fn room(self, owed: i32, now: Timestamp) -> i32 {
        (self.owed_at_most(now) - owed).max(0)
    }

    /// Whether and how a variant can be bought of which so many can be had and so many are owed, and when goods are expected.
    pub(crate) fn availability(
        self,
        available: i32,
        owed: i32,
        now: Timestamp,
    ) -> (Availability, Option<Timestamp>) {
        let expected = self.preorder_at(now).map(|preorder| preorder.available_on);
        let availability = if available <= 0 && self.room(owed, now) == 0 {
            Availability::OutOfStock
        } else if expected.is_some() {
            Availability::Preorder
        } else if available > 0 {
            Availability::InStock
        } else {
            Availability::Backorder
        };
        (availability, expected)
    }
}

impl Stock {
    /// Units that an order may ask for.
    pub(crate) fn obtainable(&self, now: Timestamp) -> i32 {
        let room = self.terms.room(self.owed(), now);
        self.available().saturating_add(room)
    }

    /// Whether and how it can be bought, and when goods are expected.
    pub(crate) fn availability(&self, now: Timestamp) -> (Availability, Option<Timestamp>) {
        self.terms.availability(self.available(), self.owed(), now)
    }
}
