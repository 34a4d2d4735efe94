//! Which taxes there are, and how much of each.

use std::collections::BTreeMap;
use std::fmt;

use primitives::TaxRateId;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

use super::arithmetic::{half_even, shares};
use super::place::Place;
use super::shipping::ShippingTax;
use super::{Basket, PricedLine};

/// The whole, in the unit of [`Percent`].
const WHOLE: i64 = 1_000_000;

/// A rate in millionths: 190,000 is 19 %. In JSON per cent with up to four decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ToSchema)]
#[schema(value_type = f64, minimum = 0, maximum = 100, example = 19)]
pub(crate) struct Percent(i32);

impl Percent {
    /// None above 100 %, or below nothing.
    pub(crate) fn from_ppm(ppm: i32) -> Option<Self> {
        (0..=1_000_000).contains(&ppm).then_some(Self(ppm))
    }

    /// In millionths.
    pub(crate) const fn ppm(self) -> i32 {
        self.0
    }

    fn as_f64(self) -> f64 {
        f64::from(self.0) / 10_000.0
    }
}

/// Per cent, as people write it.
impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.as_f64())
    }
}

impl Serialize for Percent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 % 10_000 {
            0 => serializer.serialize_i32(self.0 / 10_000),
            _ => serializer.serialize_f64(self.as_f64()),
        }
    }
}

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let percent = f64::deserialize(deserializer)?;
        let ppm = percent * 10_000.0;
        let whole = ppm.round();
        if !(0.0..=1_000_000.0).contains(&whole) || (ppm - whole).abs() > 1e-6 {
            return Err(serde::de::Error::custom(
                "must be 0 to 100 with at most four decimals",
            ));
        }
        #[expect(clippy::cast_possible_truncation, reason = "checked above")]
        Ok(Self(whole as i32))
    }
}

/// What one class of goods is taxed with in a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TaxRate {
    pub(crate) id: TaxRateId,
    pub(crate) place: Place,
    pub(crate) tax_class: String,
    pub(crate) name: String,
    pub(crate) rate: Percent,
    /// A region's rate: whether it comes on top of the country's. Otherwise it takes the country's place.
    pub(crate) adds: bool,
}

/// The rates of one place, by class.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct TaxTable(BTreeMap<String, Vec<Tax>>);

/// A tax by its name and rate.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Tax {
    name: String,
    rate: Percent,
}

impl TaxTable {
    /// What holds in a place. Regional rates replace those of the country unless they add to them.
    pub(crate) fn of(rates: &[TaxRate], place: &Place) -> Self {
        let here: Vec<&TaxRate> = rates.iter().filter(|r| r.place.covers(place)).collect();
        let replaced = |class: &str| {
            here.iter()
                .any(|r| r.tax_class == class && r.place.region.is_some() && !r.adds)
        };
        let mut table: BTreeMap<String, Vec<Tax>> = BTreeMap::new();
        for rate in &here {
            if rate.place.region.is_none() && replaced(&rate.tax_class) {
                continue;
            }
            table.entry(rate.tax_class.clone()).or_default().push(Tax {
                name: rate.name.clone(),
                rate: rate.rate,
            });
        }
        table.values_mut().for_each(|taxes| taxes.sort());
        Self(table)
    }

    /// The taxes of a class; none where the place has none.
    pub(crate) fn taxes(&self, class: &str) -> &[Tax] {
        self.0.get(class).map_or(&[], Vec::as_slice)
    }
}

/// A tax on a line or on shipping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TaxPart {
    pub(crate) name: String,
    pub(crate) rate: Percent,
    /// What is taxed, without any tax.
    pub(crate) base: i64,
    pub(crate) amount: i64,
}

/// Sums by name and rate.
pub(super) fn sums<'p>(parts: impl Iterator<Item = &'p TaxPart>) -> Vec<TaxPart> {
    let mut sums: BTreeMap<(&str, Percent), (i64, i64)> = BTreeMap::new();
    for part in parts {
        let sum = sums.entry((&part.name, part.rate)).or_default();
        sum.0 += part.base;
        sum.1 += part.amount;
    }
    sums.into_iter()
        .map(|((name, rate), (base, amount))| TaxPart {
            name: name.to_owned(),
            rate,
            base,
            amount,
        })
        .collect()
}

/// Writes the taxes of each line and answers those of shipping.
pub(super) fn levy(
    basket: &Basket<'_>,
    lines: &mut [PricedLine],
    left: &[i64],
    shipping: Option<(i64, &ShippingTax)>,
) -> Vec<TaxPart> {
    let mut items: Vec<Item<'_>> = basket
        .lines
        .iter()
        .zip(left)
        .map(|(line, amount)| Item {
            amount: *amount,
            taxes: basket.taxes.taxes(&line.tax_class),
        })
        .collect();
    // Shipping taxed as the goods are is as many parts as there are lines.
    match shipping.filter(|(costs, _)| *costs > 0) {
        Some((costs, ShippingTax::Class(class))) => items.push(Item {
            amount: costs,
            taxes: basket.taxes.taxes(class),
        }),
        Some((costs, ShippingTax::Goods)) => {
            for (index, amount) in shares(costs, left).into_iter().enumerate() {
                let taxes = items[index].taxes;
                items.push(Item { amount, taxes });
            }
        }
        Some((_, ShippingTax::None)) | None => {}
    }
    let mut parts = if basket.prices_include_tax {
        contained(&items)
    } else {
        added(&items)
    };
    let of_shipping = parts.split_off(lines.len());
    for (line, parts) in lines.iter_mut().zip(parts) {
        let tax: i64 = parts.iter().map(|part| part.amount).sum();
        if basket.prices_include_tax {
            line.included_tax = tax;
        } else {
            line.tax = tax;
            line.total += tax;
        }
        line.taxes = parts;
    }
    let some = |part: &&TaxPart| part.base != 0 || part.amount != 0;
    sums(of_shipping.iter().flatten().filter(some))
}

/// An amount, and what it is taxed with.
struct Item<'a> {
    amount: i64,
    taxes: &'a [Tax],
}

/// Taxes on top: each tax computed on all that it concerns together, and shared over them.
fn added(items: &[Item<'_>]) -> Vec<Vec<TaxPart>> {
    let mut concerned: BTreeMap<&Tax, Vec<usize>> = BTreeMap::new();
    for (index, item) in items.iter().enumerate() {
        for tax in item.taxes {
            concerned.entry(tax).or_default().push(index);
        }
    }
    let mut parts: Vec<Vec<TaxPart>> = items.iter().map(|_| Vec::new()).collect();
    for (tax, members) in concerned {
        let bases: Vec<i64> = members.iter().map(|index| items[*index].amount).collect();
        let whole = half_even(bases.iter().sum(), tax.rate.ppm().into(), WHOLE);
        let amounts = shares(whole, &bases);
        for ((index, base), amount) in members.into_iter().zip(bases).zip(amounts) {
            parts[index].push(tax.part(base, amount));
        }
    }
    parts
}

/// Taxes within: computed on all items with the same taxes together. Of their sum, each tax gets its share, and each item its own; an
/// item's taxes never exceed its amount.
fn contained(items: &[Item<'_>]) -> Vec<Vec<TaxPart>> {
    let mut alike: BTreeMap<&[Tax], Vec<usize>> = BTreeMap::new();
    for (index, item) in items.iter().enumerate() {
        alike.entry(item.taxes).or_default().push(index);
    }
    let mut parts: Vec<Vec<TaxPart>> = items.iter().map(|_| Vec::new()).collect();
    for (taxes, members) in alike {
        let amounts: Vec<i64> = members.iter().map(|index| items[*index].amount).collect();
        let rates: Vec<i64> = taxes.iter().map(|tax| tax.rate.ppm().into()).collect();
        let rate: i64 = rates.iter().sum();
        let whole = half_even(amounts.iter().sum(), rate, WHOLE + rate);
        let of_items = shares(whole, &amounts);
        let mut left = of_items.clone();
        for (number, (tax, of_tax)) in taxes.iter().zip(shares(whole, &rates)).enumerate() {
            // The last takes what is left, so that both the items' and the taxes' sums come out.
            let own = if number + 1 == taxes.len() {
                std::mem::take(&mut left)
            } else {
                shares(of_tax, &left)
            };
            for (left, own) in left.iter_mut().zip(&own) {
                *left -= own;
            }
            for (position, amount) in own.into_iter().enumerate() {
                let base = amounts[position] - of_items[position];
                parts[members[position]].push(tax.part(base, amount));
            }
        }
    }
    parts
}

impl Tax {
    fn part(&self, base: i64, amount: i64) -> TaxPart {
        TaxPart {
            name: self.name.clone(),
            rate: self.rate,
            base,
            amount,
        }
    }
}
