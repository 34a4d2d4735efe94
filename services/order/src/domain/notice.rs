//! What a customer should know of a cart before ordering: what is not as it was, or not as it was wanted.

use primitives::Money;

/// Something to know of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notice {
    /// It cannot be bought here any more, and costs nothing in the cart.
    NoLongerSold,
    /// None is left.
    OutOfStock,
    /// Fewer are left than wanted.
    InsufficientStock { available: i32 },
    /// Another price than the customer has seen.
    PriceChanged { before: Money, after: Money },
    /// Units were left out when two carts became one, because a line holds only so many.
    QuantityReduced { quantity: i32 },
}

/// What is sold now under a line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Offer {
    pub(crate) price: Money,
    pub(crate) available: i32,
}

impl Notice {
    /// The notices of a line of so many units, whose customer has seen the price (if that is known).
    pub(crate) fn of(quantity: i32, seen_price: Option<i64>, offer: Option<Offer>) -> Vec<Self> {
        let Some(Offer { price, available }) = offer else {
            return vec![Self::NoLongerSold];
        };
        let stock = match available {
            ..=0 => Some(Self::OutOfStock),
            _ if available < quantity => Some(Self::InsufficientStock { available }),
            _ => None,
        };
        let price = seen_price
            .filter(|seen| *seen != price.amount())
            .map(|seen| Self::PriceChanged {
                before: Money::new(seen, price.currency()),
                after: price,
            });
        stock.into_iter().chain(price).collect()
    }

    /// The stable word for programs.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::NoLongerSold => "no_longer_sold",
            Self::OutOfStock => "out_of_stock",
            Self::InsufficientStock { .. } => "insufficient_stock",
            Self::PriceChanged { .. } => "price_changed",
            Self::QuantityReduced { .. } => "quantity_reduced",
        }
    }

    /// A sentence for people.
    pub(crate) fn message(self) -> String {
        match self {
            Self::NoLongerSold => "This is no longer sold.".to_owned(),
            Self::OutOfStock => "This is sold out.".to_owned(),
            Self::InsufficientStock { available } => {
                format!("Only {available} can be had at the moment.")
            }
            Self::PriceChanged { before, after } => {
                format!("The price changed from {before} to {after}.")
            }
            Self::QuantityReduced { quantity } => {
                format!("A line holds at most {quantity} units.")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use primitives::Currency;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_line_without_notices_can_be_ordered_at_the_price_seen(
            quantity in 1..20i32, seen in proptest::option::of(0..5i64), price in 0..5i64, available in -2..20i32,
        ) {
            let offer = Offer { price: Money::new(price, Currency::EUR), available };
            let notices = Notice::of(quantity, seen, Some(offer));
            let fine = available >= quantity && seen.is_none_or(|seen| seen == price);
            prop_assert_eq!(notices.is_empty(), fine);
            let stock = |n: &&Notice| matches!(n, Notice::OutOfStock | Notice::InsufficientStock { .. });
            prop_assert!(notices.iter().filter(stock).count() <= 1);
        }
    }

    #[test]
    fn what_is_not_sold_says_only_that() {
        assert_eq!(Notice::of(1, Some(5), None), [Notice::NoLongerSold]);
    }
}
