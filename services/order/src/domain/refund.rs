//! What units of a line cost: a share of the line's frozen total, so that refunding them one by one gives back exactly the whole.

use primitives::OrderItemId;

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
