//! What goes with what: the rules of recommendations.
//!
//! Every confirmed order is a basket. Each product and each pair of products has a sum over the baskets that hold it; a
//! basket weighs the more the younger it is. The sums are kept by *forward decay*: a basket's weight is fixed when it is
//! counted and grows with its own date, instead of all older weights shrinking. So a basket can be added and taken back at any
//! time and in any order, and only its own pairs are touched. What "now" means is divided out when scores are made.

mod likeness;
#[cfg(test)]
mod quality;
#[cfg(test)]
mod shop;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hash};

pub(crate) use likeness::{Traits, likeness};

/// After so many days a basket counts half.
const HALF_LIFE_DAYS: f64 = 90.0;
/// 2026-01-01T00:00:00Z, when a basket weighs exactly 1. Weights stay finite for more than two centuries around it.
const LANDMARK: i64 = 1_767_225_600;
/// Of a larger basket, so many products are looked at: 190 pairs, whatever is ordered.
pub(crate) const BASKET_MAX: usize = 20;
/// Of its neighbours, a product keeps so many.
pub(crate) const KEPT: usize = 40;
/// From so many of the products that are most like it, a product learns what it is bought with.
pub(crate) const LIKE: usize = 20;
/// Baskets that a pair must outweigh before it is believed: one common basket of two rare products says little.
const DOUBT: f64 = 5.0;
/// How much a product's being in many baskets anyway is held against it: at 0 bestsellers drown all else, at 0.5 they are
/// never shown.
const LEVELLING: f64 = 0.3;
/// What the products like it say, against what its own baskets say.
const HEARSAY: f64 = 6.0;
/// What a wish says of somebody's taste, compared with a purchase made today.
const WISH: f64 = 0.6;
/// What is merely like something of theirs, compared with what is bought with it.
const ALIKE: f64 = 0.03;
/// What selling best of all is worth, whoever asks.
const POPULAR: f64 = 0.05;

/// How much a basket of that time (Unix seconds) weighs, on the scale of [`LANDMARK`].
pub(crate) fn weight_at(unix: i64) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "seconds of our age are far below 2^52"
    )]
    let days = (unix - LANDMARK) as f64 / 86_400.0;
    (days / HALF_LIFE_DAYS).exp2()
}

/// The products of an order that are counted: each once, in their order, and of a very large order a sample that depends on
/// nothing but the order.
pub(crate) fn basket<T: Copy + Ord + Hash>(
    order: impl Hash,
    products: impl IntoIterator<Item = T>,
) -> Vec<T> {
    let all: BTreeSet<T> = products.into_iter().collect();
    if all.len() <= BASKET_MAX {
        return all.into_iter().collect();
    }
    let lots = BuildHasherDefault::<DefaultHasher>::new();
    let mut drawn: Vec<(u64, T)> = all
        .into_iter()
        .map(|product| (lots.hash_one((&order, product)), product))
        .collect();
    drawn.sort_unstable();
    drawn.truncate(BASKET_MAX);
    let mut basket: Vec<T> = drawn.into_iter().map(|(_, product)| product).collect();
    basket.sort_unstable();
    basket
}

/// Every two products of a basket, the smaller id first.
pub(crate) fn pairs<T: Copy>(basket: &[T]) -> impl Iterator<Item = (T, T)> + '_ {
    basket
        .iter()
        .enumerate()
        .flat_map(|(at, low)| basket[at + 1..].iter().map(|high| (*low, *high)))
}

/// A count of baskets and their weight. The count is exact, so that it is known when nothing is left.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Sum {
    pub(crate) orders: i32,
    pub(crate) weight: f64,
}

impl Sum {
    fn add(&mut self, sign: i32, weight: f64) {
        self.orders += sign;
        self.weight += f64::from(sign) * weight;
    }
}

/// What some baskets change in the sums.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Changes<T> {
    pub(crate) products: BTreeMap<T, Sum>,
    pub(crate) pairs: BTreeMap<(T, T), Sum>,
}

impl<T> Default for Changes<T> {
    fn default() -> Self {
        Self {
            products: BTreeMap::new(),
            pairs: BTreeMap::new(),
        }
    }
}

impl<T: Copy + Ord> Changes<T> {
    /// Counts a basket of that time.
    pub(crate) fn count(&mut self, basket: &[T], unix: i64) {
        self.change(1, basket, unix);
    }

    /// Takes a basket back that was counted.
    pub(crate) fn take_back(&mut self, basket: &[T], unix: i64) {
        self.change(-1, basket, unix);
    }

    fn change(&mut self, sign: i32, basket: &[T], unix: i64) {
        let weight = weight_at(unix);
        for product in basket {
            self.products.entry(*product).or_default().add(sign, weight);
        }
        // Who buys twenty things at once did not choose each because of each other.
        let share = weight * share(basket.len());
        for pair in pairs(basket) {
            self.pairs.entry(pair).or_default().add(sign, share);
        }
    }
}

/// What one pair of a basket of so many products counts.
fn share(products: usize) -> f64 {
    match u32::try_from(products) {
        Ok(0..=2) => 1.0,
        Ok(products) => 1.0 / f64::from(products - 1).sqrt(),
        Err(_) => 0.0,
    }
}

/// Less than any pair weighs that is in a basket of that time or later.
pub(crate) fn least_of(unix: i64) -> f64 {
    0.9 * weight_at(unix) * share(BASKET_MAX)
}

/// How much a product makes one expect another, 0 to 1: the part of its baskets that hold the other as well, less if the other
/// is in many baskets anyway, and pulled towards 0 while there are few. Weights are on the scale of [`weight_at`]; `now` is
/// that of this moment.
pub(crate) fn association(pair: f64, of: f64, other: f64, now: f64) -> f64 {
    let (of, other) = (of.max(0.0), other.max(0.0));
    let norm = of.powf(1.0 - LEVELLING) * other.powf(LEVELLING) / now + DOUBT;
    (pair.max(0.0) / now / norm).clamp(0.0, 1.0)
}

/// The best so many, best first; of equals, the smaller id. What scores nothing is left out.
pub(crate) fn best<T: Copy + Ord>(
    scored: impl IntoIterator<Item = (T, f64)>,
    most: usize,
) -> Vec<(T, f64)> {
    let mut all: Vec<(T, f64)> = scored
        .into_iter()
        .filter(|(_, score)| *score > 0.0)
        .collect();
    all.sort_unstable_by(better);
    all.truncate(most);
    all
}

fn better<T: Ord>(one: &(T, f64), other: &(T, f64)) -> Ordering {
    other.1.total_cmp(&one.1).then_with(|| one.0.cmp(&other.0))
}

/// Products with their scores, best first.
pub(crate) type Ranked<T> = Vec<(T, f64)>;

/// What a product is bought with: what its own baskets say (`own`), and what those of the products most like it say (`like`:
/// how alike, and theirs). The fewer baskets it has, the more the others decide; a new product lives by them alone.
pub(crate) fn together<T: Copy + Ord>(
    of: T,
    own: &Ranked<T>,
    like: &[(f64, Ranked<T>)],
) -> Ranked<T> {
    let mut scores: BTreeMap<T, f64> = own.iter().copied().collect();
    for (alike, theirs) in like {
        let weight = HEARSAY * alike / mean_over(like.len());
        for (other, score) in theirs.iter().filter(|(other, _)| *other != of) {
            *scores.entry(*other).or_default() += weight * score;
        }
    }
    best(scores, KEPT)
}

fn mean_over(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}

/// What is known of a product's neighbours.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Neighbours<T> {
    pub(crate) together: Ranked<T>,
    pub(crate) similar: Ranked<T>,
}

/// One thing somebody bought or wishes for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Interest {
    /// Bought in so many orders, the last of them so many days ago.
    Bought {
        orders: i64,
        days_ago: f64,
    },
    Wished,
}

impl Interest {
    /// How much it says of what they like now.
    pub(crate) fn weight(self) -> f64 {
        match self {
            Self::Bought { days_ago, .. } => (-days_ago.max(0.0) / HALF_LIFE_DAYS).exp2(),
            Self::Wished => WISH,
        }
    }

    /// Whether to show it to them again: what they came back for, not what they have or have noted already.
    fn again(self) -> bool {
        matches!(self, Self::Bought { orders, .. } if orders > 1)
    }
}

/// What somebody may like, from what they bought and wish for with its neighbours, and a little from what sells (`popular`, with
/// the weight of its baskets).
pub(crate) fn personal<T: Copy + Ord>(
    interests: &[(T, Interest)],
    neighbours: &BTreeMap<T, Neighbours<T>>,
    popular: &Ranked<T>,
) -> Ranked<T> {
    let known: BTreeSet<T> = interests
        .iter()
        .filter(|(_, interest)| !interest.again())
        .map(|(id, _)| *id)
        .collect();
    let mut scores: BTreeMap<T, f64> = BTreeMap::new();
    let mut add = |id: T, score: f64| *scores.entry(id).or_default() += score;
    for (id, interest) in interests {
        let Some(near) = neighbours.get(id) else {
            continue;
        };
        for (other, score) in near.together.iter().filter(|(other, _)| other != id) {
            add(*other, interest.weight() * score);
        }
        for (other, score) in near.similar.iter().filter(|(other, _)| other != id) {
            add(*other, interest.weight() * ALIKE * score);
        }
    }
    let highest = popular.first().map_or(0.0, |(_, weight)| *weight);
    for (id, weight) in popular.iter().filter(|(_, weight)| *weight > 0.0) {
        add(*id, POPULAR * weight / highest);
    }
    let new = |(id, _): &(T, f64)| !known.contains(id);
    let mut liked = best(scores.into_iter().filter(new), KEPT);
    // A young shop has sold little; it shows what it has.
    for (id, _) in popular.iter().filter(|other| new(other)) {
        if liked.len() < KEPT && liked.iter().all(|(shown, _)| shown != id) {
            liked.push((*id, 0.0));
        }
    }
    liked
}

/// What of a list is shown: what can be had first, then what cannot, each in its order.
pub(crate) fn in_stock_first<T>(list: impl IntoIterator<Item = (T, bool)>, most: usize) -> Vec<T> {
    let (there, sold_out): (Vec<_>, Vec<_>) = list.into_iter().partition(|(_, there)| *there);
    let all = there.into_iter().chain(sold_out);
    all.map(|(id, _)| id).take(most).collect()
}
