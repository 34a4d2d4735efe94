//! What a basket costs: the one function that carts, orders and the try-it bench are priced with.
//!
//! In this order: lines at their unit prices; automatic promotions, those with a higher priority first, each off what the ones before have
//! left; the coupon, off what the promotions have left; shipping for what the goods cost then; tax on what is left of lines and shipping.
//!
//! Rounding: percentages and taxes are computed once for all lines that they concern, rounded half to even to the minor unit, and shared
//! over the lines by largest remainder. So every split adds up to its whole and no line falls below nothing. For every basket:
//! `subtotal - discount + shipping + tax = total`. `tax` is what is added: where prices include tax it is 0, and `included_tax` tells what
//! the other amounts contain.

mod arithmetic;
pub(crate) mod place;
pub(crate) mod promotion;
pub(crate) mod scope;
pub(crate) mod shipping;
pub(crate) mod tax;
#[cfg(test)]
mod tests;

use primitives::{CategoryId, Currency, Money, ProductId, Quantity, Timestamp};
use sqlx::types::Uuid;

pub(crate) use self::arithmetic::LIMIT;
use self::place::Place;
use self::promotion::{Promotion, Skipped};
use self::shipping::{Method, NotOffered};
use self::tax::{TaxPart, TaxTable};
use super::coupon::{Coupon, NotApplicable};

/// Units of one variant.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) product_id: ProductId,
    /// The product's category and all above it.
    pub(crate) category_ids: Vec<CategoryId>,
    pub(crate) unit_price: Money,
    pub(crate) quantity: Quantity,
    pub(crate) tax_class: String,
    /// Of one unit.
    pub(crate) weight_grams: i64,
}

/// What is bought, and on which terms.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Basket<'a> {
    pub(crate) now: Timestamp,
    pub(crate) currency: Currency,
    pub(crate) prices_include_tax: bool,
    pub(crate) lines: &'a [Line],
    pub(crate) promotions: &'a [Promotion],
    pub(crate) coupon: Option<&'a Coupon>,
    pub(crate) destination: &'a Place,
    /// Of the destination.
    pub(crate) taxes: &'a TaxTable,
    /// Ways of sending, the preferred one first: the first that can be had is taken. None: nothing is sent.
    pub(crate) shipping: &'a [Method],
}

/// What takes something off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Promotion,
    Coupon,
}

/// What one source takes off a line or the shipping costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Adjustment {
    pub(crate) source: Source,
    pub(crate) source_id: Uuid,
    pub(crate) label: String,
    pub(crate) amount: i64,
}

/// A line with its shares, in minor units.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct PricedLine {
    pub(crate) subtotal: i64,
    /// The sum of `adjustments`.
    pub(crate) discount: i64,
    /// Added; with `included_tax` the sum of `taxes`.
    pub(crate) tax: i64,
    pub(crate) included_tax: i64,
    /// subtotal - discount + tax
    pub(crate) total: i64,
    pub(crate) adjustments: Vec<Adjustment>,
    pub(crate) taxes: Vec<TaxPart>,
}

/// What it all costs, in minor units of the basket's currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Priced {
    pub(crate) lines: Vec<PricedLine>,
    /// Sum of the lines.
    pub(crate) subtotal: i64,
    /// What is taken off the lines.
    pub(crate) discount: i64,
    /// What sending costs, discounts off.
    pub(crate) shipping: i64,
    /// What is taken off the shipping costs.
    pub(crate) shipping_adjustments: Vec<Adjustment>,
    pub(crate) shipping_taxes: Vec<TaxPart>,
    /// Tax added, shipping's included.
    pub(crate) tax: i64,
    /// Tax contained in prices, shipping's included.
    pub(crate) included_tax: i64,
    /// Of both: shipping's share.
    pub(crate) shipping_tax: i64,
    pub(crate) total: i64,
    /// What became of each promotion, in the basket's order.
    pub(crate) promotions: Vec<Result<Applied, Skipped>>,
    /// What became of the coupon.
    pub(crate) coupon: Option<Result<Applied, NotApplicable>>,
    pub(crate) prices_include_tax: bool,
    /// Which way of sending was taken.
    pub(crate) method: Option<Method>,
    /// Why the preferred way of sending cannot be had.
    pub(crate) not_offered: Option<NotOffered>,
}

impl Priced {
    /// What each source takes off all lines together.
    pub(crate) fn adjustments(&self) -> Vec<Adjustment> {
        let mut sums: Vec<Adjustment> = Vec::new();
        for part in self.lines.iter().flat_map(|line| &line.adjustments) {
            match sums.iter_mut().find(|sum| sum.source_id == part.source_id) {
                Some(sum) => sum.amount += part.amount,
                None => sums.push(part.clone()),
            }
        }
        sums
    }

    /// All taxes by name and rate, as an invoice shows them.
    pub(crate) fn taxes(&self) -> Vec<TaxPart> {
        let lines = self.lines.iter().flat_map(|line| &line.taxes);
        tax::sums(lines.chain(&self.shipping_taxes))
    }
}

/// What a promotion or coupon takes off.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Applied {
    pub(crate) goods: i64,
    pub(crate) shipping: i64,
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
    let mut lines = lines(&basket)?;
    let subtotal = lines.iter().map(|line| line.subtotal).sum();
    let mut goods = Goods {
        basket: &basket,
        left: lines.iter().map(|line| line.subtotal).collect(),
    };

    let mut off_shipping: Vec<Grant> = Vec::new();
    let mut promotions: Vec<Result<Applied, Skipped>> =
        vec![Err(Skipped::NotActive); basket.promotions.len()];
    let mut alone = false;
    for index in promotion::order(basket.promotions) {
        let promotion = &basket.promotions[index];
        let so_far = promotions.iter().any(Result::is_ok);
        let excluded = alone || (promotion.exclusive && so_far);
        // What hinders a promotion by itself is told before what others do.
        let outcome = match promotion.take_off(&goods) {
            Ok(_) if excluded => Err(Skipped::Exclusive),
            outcome => outcome,
        };
        promotions[index] = outcome.map(|off| {
            alone = promotion.exclusive;
            let source = (Source::Promotion, promotion.id.uuid(), &*promotion.name);
            if off.free_shipping {
                off_shipping.push(Grant::by(source, Some(index)));
            }
            goods.apply(&mut lines, source, &off.lines)
        });
    }
    let mut coupon = basket.coupon.map(|coupon| {
        let off = coupon.take_off(&goods)?;
        let source = (Source::Coupon, coupon.id.uuid(), &*coupon.code);
        if off.free_shipping {
            off_shipping.push(Grant::by(source, None));
        }
        Ok(goods.apply(&mut lines, source, &off.lines))
    });

    let sum: i64 = goods.left.iter().sum();
    let offered = offer(&basket, sum);
    let full = offered.map_or(0, |(_, costs)| costs);
    let method = offered.ok().map(|(index, _)| &basket.shipping[index]);
    // The first who grants it pays for it.
    let mut shipping_adjustments = Vec::new();
    if let Some(Grant { adjustment, by }) = off_shipping.into_iter().next().filter(|_| full > 0) {
        shipping_adjustments.push(Adjustment {
            amount: full,
            ..adjustment
        });
        let applied = match by {
            Some(index) => promotions[index].as_mut().ok(),
            None => coupon.as_mut().and_then(|outcome| outcome.as_mut().ok()),
        };
        if let Some(applied) = applied {
            applied.shipping = full;
        }
    }
    let shipping = if shipping_adjustments.is_empty() {
        full
    } else {
        0
    };

    let sending = method.map(|method| (shipping, &method.tax));
    let shipping_taxes = tax::levy(&basket, &mut lines, &goods.left, sending);
    let shipping_tax = shipping_taxes.iter().map(|part| part.amount).sum();
    let of_lines = |get: fn(&PricedLine) -> i64| lines.iter().map(get).sum::<i64>();
    let (mut tax, mut included_tax) = (of_lines(|l| l.tax), of_lines(|l| l.included_tax));
    if basket.prices_include_tax {
        included_tax += shipping_tax;
    } else {
        tax += shipping_tax;
    }
    Ok(Priced {
        discount: of_lines(|line| line.discount),
        subtotal,
        shipping,
        shipping_adjustments,
        shipping_taxes,
        tax,
        included_tax,
        shipping_tax,
        total: sum + shipping + tax,
        promotions,
        coupon,
        prices_include_tax: basket.prices_include_tax,
        method: method.cloned(),
        not_offered: offered.err().flatten(),
        lines,
    })
}

/// The lines at their full prices.
fn lines(basket: &Basket<'_>) -> Result<Vec<PricedLine>, PricingError> {
    let mut sum: i64 = 0;
    let priced = |line: &Line| {
        if line.unit_price.currency() != basket.currency {
            return Err(PricingError::Currency);
        }
        let cost = line
            .unit_price
            .times(line.quantity)
            .map_err(|_| PricingError::TooMuch)?
            .amount();
        sum = sum
            .checked_add(cost)
            .filter(|sum| cost >= 0 && *sum <= LIMIT)
            .ok_or(PricingError::TooMuch)?;
        Ok(PricedLine {
            subtotal: cost,
            total: cost,
            ..PricedLine::default()
        })
    };
    basket.lines.iter().map(priced).collect()
}

/// The way of sending that is taken, and what it costs; else why the preferred one is not, if there is any.
fn offer(basket: &Basket<'_>, goods: i64) -> Result<(usize, i64), Option<NotOffered>> {
    if basket.lines.is_empty() {
        return Err(None);
    }
    let grams = weight(basket.lines);
    let mut reason = None;
    for (index, method) in basket.shipping.iter().enumerate() {
        match method.costs(basket.destination, goods, grams) {
            Ok(costs) => return Ok((index, costs)),
            Err(error) => reason = reason.or(Some(error)),
        }
    }
    Err(reason)
}

/// What lines weigh.
pub(crate) fn weight(lines: &[Line]) -> i64 {
    lines.iter().fold(0_i64, |sum, line| {
        let of_line = line
            .weight_grams
            .max(0)
            .saturating_mul(line.quantity.get().into());
        sum.saturating_add(of_line)
    })
}

/// Who makes shipping free.
struct Grant {
    adjustment: Adjustment,
    /// Which promotion; none for the coupon.
    by: Option<usize>,
}

impl Grant {
    fn by((source, source_id, label): (Source, Uuid, &str), by: Option<usize>) -> Self {
        let adjustment = Adjustment {
            source,
            source_id,
            label: label.to_owned(),
            amount: 0,
        };
        Self { adjustment, by }
    }
}

/// The goods while discounts are taken off, one after the other.
#[derive(Debug)]
pub(crate) struct Goods<'a> {
    pub(crate) basket: &'a Basket<'a>,
    /// What each line still costs; never below nothing.
    pub(crate) left: Vec<i64>,
}

/// What a discount takes off each line, and whether off shipping.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Off {
    pub(crate) lines: Vec<(usize, i64)>,
    pub(crate) free_shipping: bool,
}

impl Goods<'_> {
    fn apply(
        &mut self,
        lines: &mut [PricedLine],
        (source, source_id, label): (Source, Uuid, &str),
        off: &[(usize, i64)],
    ) -> Applied {
        let mut applied = Applied::default();
        for (index, amount) in off {
            let amount = (*amount).clamp(0, self.left[*index]);
            if amount == 0 {
                continue;
            }
            self.left[*index] -= amount;
            let line = &mut lines[*index];
            line.discount += amount;
            line.total -= amount;
            line.adjustments.push(Adjustment {
                source,
                source_id,
                label: label.to_owned(),
                amount,
            });
            applied.goods += amount;
        }
        applied
    }
}
