//! Counting matches: how many products there are in each category, price band and so on, if one clicked there.
//!
//! PostgreSQL finds the rows and hands out their facts as one string of bytes; counting a hundred thousand of them takes
//! milliseconds here, and far longer there.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

use uuid::Uuid;

/// What narrows the list, as ids and codes.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Narrowed {
    /// A category with those below it.
    pub(crate) categories: Option<Vec<Uuid>>,
    pub(crate) min_price: Option<i64>,
    pub(crate) max_price: Option<i64>,
    /// Thousandths of stars.
    pub(crate) rating: Option<i32>,
    pub(crate) seller: Option<Uuid>,
    pub(crate) in_stock: bool,
    /// Each attribute with the codes of which one will do.
    pub(crate) attributes: Vec<(String, Vec<i64>)>,
}

/// The facts of one product. Packed by `store/search_documents/write.sql`, big-endian: whether it is in stock (1 byte), the
/// number of codes (1), rating (2), lowest and highest price (8 each), category and seller (16 each), codes (8 each).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Facts<'a> {
    pub(crate) in_stock: bool,
    pub(crate) rating: i32,
    pub(crate) price_min: i64,
    pub(crate) price_max: i64,
    /// Nil without one.
    pub(crate) category: Uuid,
    pub(crate) seller: Uuid,
    codes: &'a [u8],
}

impl<'a> Facts<'a> {
    /// Reads the next product's facts; none at the end, or where the bytes make no sense.
    fn next(bytes: &mut &'a [u8]) -> Option<Self> {
        let head = bytes.first_chunk::<52>()?;
        let codes = 8 * usize::from(head[1]);
        let (facts, rest) = (bytes.get(52..52 + codes)?, bytes.get(52 + codes..)?);
        *bytes = rest;
        Some(Self {
            in_stock: head[0] != 0,
            rating: i32::from(i16::from_be_bytes([head[2], head[3]])),
            price_min: long(&head[4..]),
            price_max: long(&head[12..]),
            category: Uuid::from_slice(&head[20..36]).unwrap_or_default(),
            seller: Uuid::from_slice(&head[36..52]).unwrap_or_default(),
            codes: facts,
        })
    }

    fn codes(&self) -> impl Iterator<Item = i64> {
        self.codes.chunks_exact(8).map(long)
    }
}

fn long(bytes: &[u8]) -> i64 {
    bytes
        .first_chunk::<8>()
        .map_or(0, |bytes| i64::from_be_bytes(*bytes))
}

/// Codes and ids are hashes already.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Ready(u64);

impl Hasher for Ready {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.0 = (self.0 ^ u64::from_le_bytes(word)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        }
    }
    fn write_i64(&mut self, code: i64) {
        self.0 ^= code.cast_unsigned();
    }
    fn write_usize(&mut self, _: usize) {}
}

type Tally<K> = HashMap<K, u32, BuildHasherDefault<Ready>>;

/// Prices at which bands may begin, in minor units: 0, 1, 2, 5, 10, … up to the highest price there is.
const STEPS: [i64; 36] = {
    let mut steps = [0; 36];
    let (mut unit, mut at) = (1, 1);
    while at < 36 {
        steps[at] = [1, 2, 5][(at - 1) % 3] * unit;
        if at % 3 == 0 {
            unit *= 10;
        }
        at += 1;
    }
    steps
};

/// How many products match. Each facet is counted as if its own filter were not there, so that it shows what else there is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// That match all filters.
    pub(crate) total: u32,
    pub(crate) categories: Tally<Uuid>,
    pub(crate) sellers: Tally<Uuid>,
    /// By whole stars, rounded down.
    pub(crate) stars: [u32; 6],
    pub(crate) in_stock: u32,
    pub(crate) codes: Tally<i64>,
    /// For each filtered attribute, those that only its own filter keeps out: to be added to `codes`.
    pub(crate) beside: Vec<Tally<i64>>,
    /// By the steps on which the lowest and the highest price stand.
    lowest: Vec<u32>,
    highest: Vec<u32>,
}

/// A range of prices, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PriceBand {
    pub(crate) from: i64,
    pub(crate) to: i64,
    pub(crate) count: u32,
}

/// Counts products that fail at most one filter each.
pub(crate) fn count(bytes: &[u8], narrowed: &Narrowed) -> Counts {
    let mut tallies = Tallies::new(narrowed);
    tallies.add(bytes);
    tallies.done()
}

/// A count that is being made.
#[derive(Debug)]
pub(crate) struct Tallies<'a> {
    narrowed: &'a Narrowed,
    categories: Option<HashSet<Uuid, BuildHasherDefault<Ready>>>,
    counts: Counts,
}

impl<'a> Tallies<'a> {
    pub(crate) fn new(narrowed: &'a Narrowed) -> Self {
        Self {
            narrowed,
            categories: narrowed
                .categories
                .as_ref()
                .map(|ids| ids.iter().copied().collect()),
            counts: Counts {
                beside: vec![Tally::default(); narrowed.attributes.len()],
                lowest: vec![0; STEPS.len()],
                highest: vec![0; STEPS.len()],
                ..Counts::default()
            },
        }
    }

    pub(crate) fn add(&mut self, mut bytes: &[u8]) {
        while let Some(facts) = Facts::next(&mut bytes) {
            self.add_one(&facts);
        }
    }

    pub(crate) fn done(mut self) -> Counts {
        self.counts.categories.remove(&Uuid::nil());
        self.counts
    }

    fn add_one(&mut self, facts: &Facts<'_>) {
        let (narrowed, counts) = (self.narrowed, &mut self.counts);
        let failed = [
            self.categories
                .as_ref()
                .is_some_and(|categories| !categories.contains(&facts.category)),
            narrowed.min_price.is_some_and(|min| facts.price_max < min)
                || narrowed.max_price.is_some_and(|max| facts.price_min > max),
            narrowed.rating.is_some_and(|rating| facts.rating < rating),
            narrowed.seller.is_some_and(|seller| facts.seller != seller),
            narrowed.in_stock && !facts.in_stock,
        ];
        let (mut attribute_failed, mut fails) = (None, failed.iter().filter(|f| **f).count());
        for (number, (_, wanted)) in narrowed.attributes.iter().enumerate() {
            if fails <= 1 && !facts.codes().any(|code| wanted.contains(&code)) {
                attribute_failed = Some(number);
                fails += 1;
            }
        }
        if fails > 1 {
            return;
        }
        let all = fails == 0;
        counts.total += u32::from(all);
        if all || failed[0] {
            *counts.categories.entry(facts.category).or_default() += 1;
        }
        if all || failed[1] {
            counts.lowest[step(facts.price_min)] += 1;
            counts.highest[step(facts.price_max)] += 1;
        }
        if all || failed[2] {
            counts.stars[usize::try_from(facts.rating / 1000).unwrap_or(0).min(5)] += 1;
        }
        if all || failed[3] {
            *counts.sellers.entry(facts.seller).or_default() += 1;
        }
        if facts.in_stock && (all || failed[4]) {
            counts.in_stock += 1;
        }
        let tally = match attribute_failed {
            Some(number) => counts.beside.get_mut(number),
            None => all.then_some(&mut counts.codes),
        };
        if let Some(tally) = tally {
            for code in facts.codes() {
                *tally.entry(code).or_default() += 1;
            }
        }
    }
}

/// The step on which a price stands.
fn step(price: i64) -> usize {
    STEPS.partition_point(|step| *step <= price).max(1) - 1
}

impl Counts {
    /// At most six bands of round prices with the products that have a variant in them.
    pub(crate) fn price_bands(&self) -> Vec<PriceBand> {
        const MOST: usize = 6;
        let sum = |counts: &[u32], to: usize| counts.iter().take(to).sum::<u32>();
        let band = |from: usize, to: usize| PriceBand {
            from: STEPS[from],
            to: STEPS.get(to).map_or(i64::MAX, |next| next - 1),
            count: sum(&self.lowest, to) - sum(&self.highest, from),
        };
        let mut bands: Vec<(usize, usize)> = (0..STEPS.len())
            .filter(|at| band(*at, at + 1).count > 0)
            .map(|at| (at, at + 1))
            .collect();
        // The two neighbours that hold least become one.
        while bands.len() > MOST {
            let at = (0..bands.len() - 1)
                .min_by_key(|at| band(bands[*at].0, bands[at + 1].1).count)
                .unwrap_or(0);
            bands[at].1 = bands.remove(at + 1).1;
        }
        bands.into_iter().map(|(from, to)| band(from, to)).collect()
    }

    /// How many have at least so many stars.
    pub(crate) fn at_least(&self, stars: usize) -> u32 {
        self.stars.iter().skip(stars).sum()
    }
}

/// Groups numbers with their counts into at most `most` ranges that hold about as many each; both ends of a range occur.
pub(crate) fn ranges(mut numbers: Vec<(f64, u32)>, most: usize) -> Vec<(f64, f64, u32)> {
    numbers.sort_by(|a, b| a.0.total_cmp(&b.0));
    let total: u64 = numbers.iter().map(|(_, count)| u64::from(*count)).sum();
    let share = total.div_ceil(most.max(1) as u64).max(1);
    let mut ranges: Vec<(f64, f64, u32)> = Vec::new();
    let mut seen = 0_u64;
    let mut group = None;
    for (number, count) in numbers {
        let wanted = seen / share;
        match ranges.last_mut() {
            Some(range) if group == Some(wanted) => {
                range.1 = number;
                range.2 += count;
            }
            _ => ranges.push((number, number, count)),
        }
        group = Some(wanted);
        seen += u64::from(count);
    }
    ranges
}

#[cfg(test)]
#[path = "facets_tests.rs"]
mod tests;
