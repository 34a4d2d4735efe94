//! What a basket costs: the one function that carts and orders are priced with.
//!
//! Prices exclude tax. The discount is taken off the lines in proportion to what they cost; tax is added to what is left, computed once
//! for each rate (rounded half to even) and shared over the lines of that rate; shipping is not taxed. Every split adds up to its whole, so
//! `subtotal - discount + shipping + tax = total`, and the lines' totals + shipping = total.

use primitives::{Currency, Money, Quantity, share};

/// The most a basket may cost, in minor units: far above any purchase, far below where sums overflow.
pub(crate) const LIMIT: i64 = 1_000_000_000_000;

/// Units of one variant, at its price and tax rate.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line {
    pub(crate) unit_price: Money,
    pub(crate) quantity: Quantity,
    /// In basis points: 1900 is 19 %.
    pub(crate) tax_rate: i32,
}

/// What a coupon takes off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Discount {
    /// So many per cent of the lines, rounded half to even.
    Percent(u8),
    /// An amount off the lines, but never more than they cost.
    Fixed(Money),
    /// No shipping costs.
    FreeShipping,
}

/// What sending costs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shipping {
    pub(crate) price: i64,
    /// Nothing from this sum of lines (discount off) on.
    pub(crate) free_from: Option<i64>,
}

/// What is bought, and on which terms.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Basket<'a> {
    pub(crate) currency: Currency,
    pub(crate) lines: &'a [Line],
    pub(crate) discount: Option<Discount>,
    pub(crate) shipping: Shipping,
}

/// A line with its frozen shares of discount and tax, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PricedLine {
    pub(crate) subtotal: i64,
    pub(crate) discount: i64,
    pub(crate) tax: i64,
    pub(crate) total: i64,
}

/// What it all costs, in minor units of the basket's currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Priced {
    pub(crate) lines: Vec<PricedLine>,
    pub(crate) subtotal: i64,
    pub(crate) discount: i64,
    pub(crate) shipping: i64,
    pub(crate) tax: i64,
    pub(crate) total: i64,
}

/// Why a basket has no price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PricingError {
    #[error("a price is in another currency than the basket")]
    Currency,
    #[error("the basket costs more than can be sold at once")]
    TooMuch,
}

/// Prices a basket. An empty one costs nothing, shipping included.
pub(crate) fn price(basket: Basket<'_>) -> Result<Priced, PricingError> {
    let mut costs = Vec::with_capacity(basket.lines.len());
    let mut subtotal: i64 = 0;
    for line in basket.lines {
        if line.unit_price.currency() != basket.currency {
            return Err(PricingError::Currency);
        }
        let cost = line
            .unit_price
            .times(line.quantity)
            .map_err(|_| PricingError::TooMuch)?
            .amount();
        subtotal = subtotal
            .checked_add(cost)
            .filter(|sum| cost >= 0 && *sum <= LIMIT)
            .ok_or(PricingError::TooMuch)?;
        costs.push(cost);
    }

    let discount = match basket.discount {
        Some(Discount::Percent(percent)) => half_even(subtotal, i64::from(percent.min(100)), 100),
        Some(Discount::Fixed(amount)) if amount.currency() == basket.currency => {
            amount.amount().clamp(0, subtotal)
        }
        Some(Discount::Fixed(_) | Discount::FreeShipping) | None => 0,
    };
    let discounts = share(discount, &weights(&costs));
    let nets: Vec<i64> = costs
        .iter()
        .zip(&discounts)
        .map(|(cost, discount)| cost - discount)
        .collect();
    let taxes = taxes(basket.lines, &nets);

    let goods = subtotal - discount;
    let free = basket.lines.is_empty()
        || basket.discount == Some(Discount::FreeShipping)
        || basket.shipping.free_from.is_some_and(|from| goods >= from);
    let shipping = if free {
        0
    } else {
        basket.shipping.price.clamp(0, LIMIT)
    };
    let tax = taxes.iter().sum();
    let lines = costs.iter().zip(&discounts).zip(taxes.iter().zip(&nets));
    Ok(Priced {
        lines: lines
            .map(|((cost, discount), (tax, net))| PricedLine {
                subtotal: *cost,
                discount: *discount,
                tax: *tax,
                total: net + tax,
            })
            .collect(),
        subtotal,
        discount,
        shipping,
        tax,
        total: goods + shipping + tax,
    })
}

/// Tax of each line: computed for all lines of a rate together, as an invoice shows it, and shared over them.
fn taxes(lines: &[Line], nets: &[i64]) -> Vec<i64> {
    let mut taxes = vec![0; lines.len()];
    let mut rates: Vec<i32> = lines.iter().map(|line| line.tax_rate).collect();
    rates.sort_unstable();
    rates.dedup();
    for rate in rates {
        let members: Vec<usize> = (0..lines.len())
            .filter(|index| lines[*index].tax_rate == rate)
            .collect();
        let group: Vec<i64> = members.iter().map(|index| nets[*index]).collect();
        let tax = half_even(group.iter().sum(), i64::from(rate.clamp(0, 10_000)), 10_000);
        for (index, part) in members.into_iter().zip(share(tax, &weights(&group))) {
            taxes[index] = part;
        }
    }
    taxes
}

fn weights(amounts: &[i64]) -> Vec<u64> {
    amounts.iter().map(|amount| amount.unsigned_abs()).collect()
}

/// `amount * numerator / denominator`, rounded half to even. For amounts up to [`LIMIT`], so nothing overflows.
fn half_even(amount: i64, numerator: i64, denominator: i64) -> i64 {
    let product = i128::from(amount) * i128::from(numerator);
    let (quotient, remainder) = (
        product.div_euclid(i128::from(denominator)),
        product.rem_euclid(i128::from(denominator)),
    );
    let up = match (remainder * 2).cmp(&i128::from(denominator)) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => quotient % 2 != 0,
        std::cmp::Ordering::Greater => true,
    };
    i64::try_from(quotient + i128::from(up)).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STANDARD: Shipping = Shipping {
        price: 490,
        free_from: Some(5000),
    };

    fn line(unit_price: i64, quantity: i32, tax_rate: i32) -> Line {
        Line {
            unit_price: Money::new(unit_price, Currency::EUR),
            quantity: Quantity::try_from(quantity).unwrap(),
            tax_rate,
        }
    }

    fn basket(lines: &[Line], discount: Option<Discount>) -> Basket<'_> {
        Basket {
            currency: Currency::EUR,
            lines,
            discount,
            shipping: STANDARD,
        }
    }

    #[test]
    fn an_example_by_hand() {
        let lines = [line(1999, 2, 1900), line(500, 1, 700)];
        let priced = price(basket(&lines, Some(Discount::Percent(10)))).unwrap();
        assert_eq!(
            (priced.subtotal, priced.discount, priced.shipping),
            (4498, 450, 490)
        );
        assert_eq!(
            priced.lines[0],
            PricedLine {
                subtotal: 3998,
                discount: 400,
                tax: 684,
                total: 4282
            }
        );
        assert_eq!(
            priced.lines[1],
            PricedLine {
                subtotal: 500,
                discount: 50,
                tax: 32,
                total: 482
            }
        );
        assert_eq!((priced.tax, priced.total), (716, 5254));
    }

    #[test]
    fn halves_go_to_the_even_neighbour() {
        assert_eq!(
            [
                half_even(5, 1, 10),
                half_even(15, 1, 10),
                half_even(25, 1, 10),
                half_even(26, 1, 10)
            ],
            [0, 2, 2, 3]
        );
    }

    #[test]
    fn shipping_is_free_for_nothing_for_much_and_by_coupon() {
        assert_eq!(price(basket(&[], None)).unwrap().total, 0);
        assert_eq!(
            price(basket(&[line(5000, 1, 0)], None)).unwrap().shipping,
            0
        );
        assert_eq!(
            price(basket(&[line(4999, 1, 0)], None)).unwrap().shipping,
            490
        );
        assert_eq!(
            price(basket(&[line(100, 1, 0)], Some(Discount::FreeShipping)))
                .unwrap()
                .total,
            100
        );
    }

    #[test]
    fn a_fixed_discount_never_exceeds_the_goods() {
        let all = Some(Discount::Fixed(Money::new(9999, Currency::EUR)));
        assert_eq!(
            price(basket(&[line(100, 1, 1900)], all)).unwrap().total,
            490
        );
    }

    #[test]
    fn prices_in_other_currencies_and_fortunes_are_refused() {
        let dollars = Line {
            unit_price: Money::new(1, "USD".parse().unwrap()),
            ..line(1, 1, 0)
        };
        assert_eq!(price(basket(&[dollars], None)), Err(PricingError::Currency));
        assert_eq!(
            price(basket(&[line(i64::MAX, 2, 0)], None)),
            Err(PricingError::TooMuch)
        );
        assert_eq!(
            price(basket(&[line(LIMIT, 1, 0), line(1, 1, 0)], None)),
            Err(PricingError::TooMuch)
        );
    }

    fn any_discount() -> impl Strategy<Value = Option<Discount>> {
        prop_oneof![
            Just(None),
            Just(Some(Discount::FreeShipping)),
            (1_u8..=100).prop_map(|percent| Some(Discount::Percent(percent))),
            (1_i64..10_000_000)
                .prop_map(|amount| Some(Discount::Fixed(Money::new(amount, Currency::EUR)))),
        ]
    }

    proptest! {
        #[test]
        fn everything_adds_up(
            lines in prop::collection::vec((0_i64..1_000_000, 1_i32..=9999, prop::sample::select(vec![0, 550, 700, 1900, 2300])), 0..30),
            discount in any_discount(),
        ) {
            let lines: Vec<Line> = lines.into_iter().map(|(unit_price, quantity, rate)| line(unit_price, quantity, rate)).collect();
            let priced = price(basket(&lines, discount)).unwrap();
            prop_assert_eq!(priced.subtotal - priced.discount + priced.shipping + priced.tax, priced.total);
            prop_assert_eq!(priced.lines.iter().map(|l| l.total).sum::<i64>() + priced.shipping, priced.total);
            prop_assert_eq!(priced.lines.iter().map(|l| l.discount).sum::<i64>(), priced.discount);
            prop_assert_eq!(priced.lines.iter().map(|l| l.tax).sum::<i64>(), priced.tax);
            for (priced, line) in priced.lines.iter().zip(&lines) {
                prop_assert!(priced.discount >= 0 && priced.discount <= priced.subtotal);
                prop_assert!(priced.tax >= 0);
                prop_assert_eq!(priced.subtotal - priced.discount + priced.tax, priced.total);
                prop_assert_eq!(priced.subtotal, line.unit_price.amount() * i64::from(line.quantity.get()));
                let fair = (priced.subtotal - priced.discount) * i64::from(line.tax_rate) / 10_000;
                prop_assert!((priced.tax - fair).abs() <= 2);
            }
        }

        #[test]
        fn the_order_of_lines_does_not_change_the_total(
            lines in prop::collection::vec((0_i64..100_000, 1_i32..=20, prop::sample::select(vec![0, 700, 1900])), 1..12),
            discount in any_discount(),
        ) {
            let lines: Vec<Line> = lines.into_iter().map(|(unit_price, quantity, rate)| line(unit_price, quantity, rate)).collect();
            let reversed: Vec<Line> = lines.iter().rev().copied().collect();
            let (one, other) = (price(basket(&lines, discount)).unwrap(), price(basket(&reversed, discount)).unwrap());
            prop_assert_eq!(one.subtotal, other.subtotal);
            prop_assert_eq!(one.discount, other.discount);
            // Discount shares may move by a unit between tax rates when lines change places.
            prop_assert!((one.total - other.total).abs() <= 1);
        }
    }
}
