//! What there is to tell somebody of what they wish for.

use primitives::Money;

/// What changed since the last mail, as the watch saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Change {
    /// The price before it fell.
    pub(crate) price_before: Option<Money>,
    /// Whether it could not be had, and then could.
    pub(crate) restocked: bool,
}

/// What the wish is when the mail is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Offer {
    pub(crate) price: Money,
    pub(crate) in_stock: bool,
}

/// Which mails somebody wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) price_drop: bool,
    pub(crate) back_in_stock: bool,
}

/// The news worth a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum News {
    PriceDropped { before: Money, now: Money },
    BackInStock { price: Money },
}

/// The news, if it is still true and wanted. What cannot be had is no news, however cheap; that it can be had again is the better news.
pub(crate) fn news(change: Change, offer: Offer, wanted: Wanted) -> Option<News> {
    if !offer.in_stock {
        return None;
    }
    if change.restocked && wanted.back_in_stock {
        return Some(News::BackInStock { price: offer.price });
    }
    let before = change.price_before?;
    let fell =
        before.currency() == offer.price.currency() && offer.price.amount() < before.amount();
    (fell && wanted.price_drop).then_some(News::PriceDropped {
        before,
        now: offer.price,
    })
}

#[cfg(test)]
mod tests {
    use primitives::Currency;
    use proptest::prelude::*;

    use super::*;

    fn euros(amount: i64) -> Money {
        Money::new(amount, Currency::EUR)
    }

    proptest! {
        #[test]
        fn only_what_is_true_and_wanted_is_told(
            before in proptest::option::of(0i64..5), now in 0i64..5,
            restocked: bool, in_stock: bool, price_drop: bool, back_in_stock: bool,
        ) {
            let change = Change { price_before: before.map(euros), restocked };
            let told = news(change, Offer { price: euros(now), in_stock }, Wanted { price_drop, back_in_stock });
            match told {
                None => prop_assert!(!in_stock || !(restocked && back_in_stock || price_drop && before.is_some_and(|before| now < before))),
                Some(News::BackInStock { price }) => prop_assert!(in_stock && restocked && back_in_stock && price == euros(now)),
                Some(News::PriceDropped { before: told, now: price }) => {
                    prop_assert!(in_stock && price_drop && Some(told) == before.map(euros) && price == euros(now) && now < told.amount());
                }
            }
        }
    }

    #[test]
    fn another_currency_is_no_lower_price() {
        let change = Change {
            price_before: Some(euros(100)),
            restocked: false,
        };
        let offer = Offer {
            price: Money::new(1, "USD".parse().unwrap()),
            in_stock: true,
        };
        let all = Wanted {
            price_drop: true,
            back_in_stock: true,
        };
        assert_eq!(news(change, offer, all), None);
    }
}
