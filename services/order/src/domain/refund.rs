//! How far a refund is, and what units of a line cost: a share of the line's frozen total, so that refunding them one by one gives back exactly the whole.

use primitives::OrderItemId;

use super::order::{Event, UnknownName, names};

/// How far a refund is. Providers report all but the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum RefundState {
    Pending,
    Succeeded,
    /// The provider could not do it.
    Failed,
    /// It had succeeded, and the customer's bank sent the money back.
    Reversed,
}

names!(RefundState {
    Pending = "pending",
    Succeeded = "succeeded",
    Failed = "failed",
    Reversed = "reversed",
});

/// What a person has to see to about a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Concern {
    /// The work item's.
    pub(crate) kind: &'static str,
    /// What is wrong, in a sentence for staff.
    pub(crate) says: &'static str,
}

impl RefundState {
    /// Whether the customer does not have the money and will not get it by this refund.
    pub(crate) const fn came_to_nothing(self) -> bool {
        matches!(self, Self::Failed | Self::Reversed)
    }

    /// The state after the provider reported `reported`. Reports may be late, repeated or out of order: a provider's failure is final, so one of a
    /// refund that had succeeded means that the money came back, and a success after a failure is older than it.
    pub(crate) const fn after(self, reported: Self) -> Self {
        match (self, reported) {
            (Self::Pending, reported) => reported,
            (Self::Succeeded, Self::Failed) => Self::Reversed,
            _ => self,
        }
    }

    /// What has to be done by hand.
    pub(crate) const fn concern(self) -> Option<Concern> {
        match self {
            Self::Pending | Self::Succeeded => None,
            Self::Failed => Some(Concern {
                kind: "refund_failed",
                says: "The provider could not give the money back: the customer does not have it. Ask for the refund again, or pay them in another way.",
            }),
            Self::Reversed => Some(Concern {
                kind: "refund_bounced",
                says: "The customer's bank sent the refund back: the customer does not have the money. Pay them in another way.",
            }),
        }
    }
}

/// What of a report of a refund is new: its state now, and what the order is to be told. Nothing if nothing is.
pub(crate) fn news(
    known: RefundState,
    reported: RefundState,
    amount: i64,
) -> Option<(RefundState, Event)> {
    use RefundState::{Failed, Pending, Reversed, Succeeded};
    match (known, known.after(reported)) {
        (Pending, Succeeded) => Some((Succeeded, Event::Refunded { amount })),
        (Pending, Failed) => Some((Failed, Event::RefundFailed { amount })),
        (Succeeded, Reversed) => Some((Reversed, Event::RefundReversed { amount })),
        _ => None,
    }
}

/// Units of a line that are refunded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LineRefund {
    pub(crate) order_item_id: OrderItemId,
    pub(crate) quantity: i32,
    /// Minor units.
    pub(crate) amount: i64,
}

/// The share of `quantity` units of a line of `units`, of which `before` were refunded already. Rounded down, and the rounding is made good by
/// later units. What was refunded before is worth nothing again.
pub(crate) fn share(total: i64, units: i32, before: i32, quantity: i32) -> i64 {
    let until = |count: i32| {
        if units <= 0 {
            return 0;
        }
        let whole = i128::from(total) * i128::from(count.min(units)) / i128::from(units);
        i64::try_from(whole).unwrap_or(total)
    };
    until(before.saturating_add(quantity)) - until(before)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const REPORTS: [RefundState; 3] = [
        RefundState::Pending,
        RefundState::Succeeded,
        RefundState::Failed,
    ];

    #[test]
    fn whatever_the_order_of_reports_a_failure_is_the_end() {
        for known in REPORTS {
            let end = known.after(RefundState::Failed);
            assert!(end.came_to_nothing() && end.concern().is_some());
            for late in REPORTS {
                assert_eq!(end.after(late), end);
                assert_eq!(news(end, late, 5), None);
            }
        }
        let succeeded = RefundState::Pending.after(RefundState::Succeeded);
        assert_eq!(succeeded.after(RefundState::Pending), succeeded);
        let reversed = (RefundState::Reversed, Event::RefundReversed { amount: 5 });
        assert_eq!(news(succeeded, RefundState::Failed, 5), Some(reversed));
    }

    proptest! {
        #[test]
        fn the_shares_of_any_parts_add_up_to_the_line(total in 0..=i64::MAX / 4, parts in prop::collection::vec(1..=50i32, 1..20)) {
            let units: i32 = parts.iter().sum();
            let (mut before, mut sum) = (0, 0);
            for part in parts {
                let share = share(total, units, before, part);
                prop_assert!(share >= 0);
                before += part;
                sum += share;
            }
            prop_assert_eq!(sum, total);
        }

        #[test]
        fn what_was_refunded_is_worth_nothing_again(total in 0..1_000_000i64, units in 1..200i32, more in 1..200i32) {
            prop_assert_eq!(share(total, units, units, more), 0);
        }

        #[test]
        fn no_unit_costs_a_cent_more_than_another(total in 0..1_000_000i64, units in 1..200i32) {
            let shares: Vec<i64> = (0..units).map(|before| share(total, units, before, 1)).collect();
            let (least, most) = (shares.iter().min().unwrap(), shares.iter().max().unwrap());
            prop_assert!(most - least <= 1);
        }
    }
}
