//! A count of the changes that were heard, and which was the last of what.
//!
//! Whoever loads remembers the count from before; what is loaded is good while nothing that it is made of has changed since. So it
//! does not matter how long a loader takes, or whether an entry was there when the change was heard.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use tokio::time::Instant;

use super::{LIFE, Tag};

/// A moment between two changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Epoch(u64);

#[derive(Debug, Default)]
pub(super) struct Epochs(RwLock<State>);

#[derive(Debug, Default)]
struct State {
    now: Epoch,
    /// The last change of everything.
    everything: Epoch,
    /// The last change of each; older than any entry may be, they are forgotten.
    last: HashMap<Tag, (Epoch, Instant)>,
    tidied: Option<Instant>,
}

impl Epochs {
    pub(super) fn now(&self) -> Epoch {
        self.0.read().unwrap_or_else(PoisonError::into_inner).now
    }

    /// Whether none of these has changed since.
    pub(super) fn unchanged(&self, since: Epoch, tags: &[Tag]) -> bool {
        let state = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let changed = |tag| state.last.get(tag).is_some_and(|(last, _)| *last > since);
        state.everything <= since && !tags.iter().any(changed)
    }

    pub(super) fn change(&self, tags: &[Tag]) {
        let now = Instant::now();
        let mut state = self.0.write().unwrap_or_else(PoisonError::into_inner);
        state.now = Epoch(state.now.0 + 1);
        let epoch = state.now;
        for tag in tags {
            if *tag == Tag::Everything {
                state.everything = epoch;
            } else {
                state.last.insert(*tag, (epoch, now));
            }
        }
        state.tidy(now);
    }
}

impl State {
    fn tidy(&mut self, now: Instant) {
        const KEPT: Duration = Duration::from_secs(2 * LIFE.as_secs());
        if self.tidied.is_some_and(|at| now.duration_since(at) < LIFE) {
            return;
        }
        self.tidied = Some(now);
        self.last
            .retain(|_, (_, at)| now.duration_since(*at) < KEPT);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What may happen, in any order: a product is changed in the database, the change is heard, a loader begins, or it ends.
    #[derive(Debug, Clone, Copy)]
    enum Step {
        Write(usize),
        Hear,
        Begin(usize),
        End(usize),
        Read(usize),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (0..3_usize).prop_map(Step::Write),
            Just(Step::Hear),
            (0..3_usize).prop_map(Step::Begin),
            any::<usize>().prop_map(Step::End),
            (0..3_usize).prop_map(Step::Read),
        ]
    }

    proptest! {
        /// Whatever loaders do, what is given shows every change that was heard before.
        #[test]
        fn what_is_given_shows_every_change_that_was_heard(steps in prop::collection::vec(step(), 1..80)) {
            let tag = |product: usize| {
                let id = format!("01970000-0000-7000-8000-00000000000{product}");
                Tag::Product(id.parse().unwrap())
            };
            let epochs = Epochs::default();
            // By product: the version in the database, and the newest that was heard of.
            let (mut stored, mut heard) = ([0; 3], [0; 3]);
            let mut told = std::collections::VecDeque::new();
            let (mut loading, mut kept) = (Vec::new(), [None; 3]);
            for step in steps {
                match step {
                    Step::Write(product) => {
                        stored[product] += 1;
                        told.push_back((product, stored[product]));
                    }
                    Step::Hear => if let Some((product, version)) = told.pop_front() {
                        epochs.change(&[tag(product)]);
                        heard[product] = version;
                    },
                    Step::Begin(product) => loading.push((product, epochs.now(), stored[product])),
                    Step::End(which) => if !loading.is_empty() {
                        let (product, epoch, version) = loading.swap_remove(which % loading.len());
                        kept[product] = Some((epoch, version));
                    },
                    Step::Read(product) => if let Some((epoch, version)) = kept[product]
                        && epochs.unchanged(epoch, &[tag(product)])
                    {
                        prop_assert!(version >= heard[product], "{version} after {} was heard of", heard[product]);
                    },
                }
            }
        }
    }

    #[test]
    fn a_change_of_everything_is_one_of_each() {
        let epochs = Epochs::default();
        let before = epochs.now();
        epochs.change(&[Tag::Categories]);
        assert!(epochs.unchanged(before, &[Tag::Products]));
        assert!(!epochs.unchanged(before, &[Tag::Products, Tag::Categories]));
        epochs.change(&[Tag::Everything]);
        assert!(!epochs.unchanged(before, &[]));
        assert!(epochs.unchanged(epochs.now(), &[Tag::Categories]));
    }
}
