//! A big shop's facts, kept in memory: what is counted when no words narrow it down is most of the catalogue, and reading all of
//! that for every request would take too long. It is at most about a minute old.

use super::facets::{Counts, Narrowed, Tallies};

/// The facts of all public products at one moment.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    /// Each holds the facts of some products, as `facets::count` reads them.
    chunks: Vec<Vec<u8>>,
    everything: Counts,
}

impl Snapshot {
    pub(crate) fn new(chunks: Vec<Vec<u8>>) -> Self {
        let mut snapshot = Self {
            chunks,
            everything: Counts::default(),
        };
        snapshot.everything = snapshot.count_anew(&Narrowed::default());
        snapshot
    }

    /// How many products there are.
    pub(crate) fn total(&self) -> u32 {
        self.everything.total
    }

    /// Counts what matches.
    pub(crate) fn count(&self, narrowed: &Narrowed) -> Counts {
        if *narrowed == Narrowed::default() {
            self.everything.clone()
        } else {
            self.count_anew(narrowed)
        }
    }

    fn count_anew(&self, narrowed: &Narrowed) -> Counts {
        let mut tallies = Tallies::new(narrowed);
        for chunk in &self.chunks {
            tallies.add(chunk);
        }
        tallies.done()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_shop_has_nothing_to_count() {
        let snapshot = Snapshot::new(vec![Vec::new()]);
        assert_eq!(snapshot.total(), 0);
        let narrowed = Narrowed {
            in_stock: true,
            ..Narrowed::default()
        };
        assert_eq!(snapshot.count(&narrowed).total, 0);
    }
}
