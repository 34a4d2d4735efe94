//! How alike two products are by what is said of them: needs no order, so it serves what is new.

use std::collections::{BTreeMap, BTreeSet};

use primitives::CategoryId;

/// What a product is, as words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Traits<'a> {
    /// Stems of the title.
    pub(crate) title: BTreeSet<&'a str>,
    /// Values of attributes, as numbers that stand for them.
    pub(crate) attributes: BTreeSet<i64>,
    /// Stems of the description.
    pub(crate) words: BTreeSet<&'a str>,
    pub(crate) category: Option<CategoryId>,
}

const TITLE: f64 = 3.0;
const ATTRIBUTE: f64 = 2.0;
const WORD: f64 = 1.0;
/// What belonging to the same category alone is worth, of 1.
const CATEGORY: f64 = 0.3;

/// Something that is said of a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Word<'a> {
    Stem(&'a str),
    Value(i64),
}

impl<'a> Traits<'a> {
    /// Each word once, with how loudly it is said.
    fn said(&self) -> BTreeMap<Word<'a>, f64> {
        let words = self.words.iter().map(|stem| (Word::Stem(stem), WORD));
        let title = self.title.iter().map(|stem| (Word::Stem(stem), TITLE));
        let values = self.attributes.iter();
        let values = values.map(|value| (Word::Value(*value), ATTRIBUTE));
        words.chain(title).chain(values).collect()
    }
}

/// How alike each of the others is to a product, 0 to 1: the cosine of their words, where a word that all of them say counts
/// little, and whether they lie in the same category.
pub(crate) fn likeness(product: &Traits<'_>, others: &[Traits<'_>]) -> Vec<f64> {
    let own = product.said();
    let said: Vec<_> = others.iter().map(Traits::said).collect();
    let mut users: BTreeMap<Word<'_>, u32> = own.keys().map(|word| (*word, 1)).collect();
    for word in said.iter().flat_map(BTreeMap::keys) {
        *users.entry(*word).or_default() += 1;
    }
    let all = f64::from(u32::try_from(others.len()).unwrap_or(u32::MAX)) + 1.0;
    let rarity = |word: &Word<'_>| {
        let users = users.get(word).copied().map_or(1.0, f64::from);
        // Never nothing: a shop of two equal things shall know that they are.
        (1.0 + all / users).ln()
    };
    let length = |said: &BTreeMap<Word<'_>, f64>| {
        said.iter()
            .map(|(word, loud)| (loud * rarity(word)).powi(2))
            .sum::<f64>()
            .sqrt()
    };
    let own_length = length(&own);
    others
        .iter()
        .zip(&said)
        .map(|(other, said)| {
            let common: f64 = own
                .iter()
                .filter_map(|(word, loud)| {
                    said.get(word)
                        .map(|theirs| loud * theirs * rarity(word).powi(2))
                })
                .sum();
            let norm = own_length * length(said);
            let cosine = if norm > 0.0 { common / norm } else { 0.0 };
            let category = product.category.is_some() && product.category == other.category;
            let score = if category { CATEGORY } else { 0.0 } + (1.0 - CATEGORY) * cosine;
            score.clamp(0.0, 1.0)
        })
        .collect()
}
