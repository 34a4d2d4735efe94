//! Many lists of what happened, as one: newest first, page by page.

use primitives::Timestamp;
use serde::{Deserialize, Serialize};

/// Where a page of the merged list begins: at this moment, after so many of the entries of that very moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) at: Timestamp,
    pub(crate) seen: usize,
}

/// How many entries each list must bring for a page of `size`: from [`Place::at`] on back, in an order that is always the same.
pub(crate) fn to_fetch(place: Option<Place>, size: usize) -> usize {
    size + 1 + place.map_or(0, |place| place.seen)
}

/// A page, and where the next one begins. Each list is sorted, newest first; of entries of one moment those of an earlier list come first.
pub(crate) fn merge<T>(
    lists: Vec<Vec<T>>,
    at: impl Fn(&T) -> Timestamp,
    place: Option<Place>,
    size: usize,
) -> (Vec<T>, Option<Place>) {
    let mut all: Vec<T> = lists.into_iter().flatten().collect();
    // Stable: lists stay in their order.
    all.sort_by_key(|entry| std::cmp::Reverse(at(entry)));
    if let Some(place) = place {
        let mut skip = place.seen;
        all.retain(|entry| {
            let again = at(entry) == place.at && skip > 0;
            if again {
                skip -= 1;
            }
            at(entry) <= place.at && !again
        });
    }
    let more = all.len() > size;
    all.truncate(size);
    let next = all.last().filter(|_| more).map(|last| {
        let last = at(last);
        let here = all.iter().filter(|entry| at(entry) == last).count();
        let before = place.filter(|place| place.at == last);
        Place {
            at: last,
            seen: here + before.map_or(0, |place| place.seen),
        }
    });
    (all, next)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// As a page reads: each list brings only what [`to_fetch`] says, from the place on.
        #[test]
        fn page_by_page_everything_comes_once_and_in_order(
            lists in prop::collection::vec(prop::collection::vec(0..6i64, 0..12), 1..5),
            size in 1..5usize,
        ) {
            let mut lists: Vec<Vec<(Timestamp, usize, usize)>> = lists.into_iter().enumerate()
                .map(|(list, times)| times.into_iter().enumerate().map(|(entry, at)| (Timestamp::from_unix(at), list, entry)).collect())
                .collect();
            for list in &mut lists {
                list.sort_by_key(|entry| std::cmp::Reverse(entry.0));
            }
            let (whole, none) = merge(lists.clone(), |entry| entry.0, None, 1000);
            prop_assert_eq!(none, None);
            let (mut read, mut place) = (Vec::new(), None);
            loop {
                let fetched = lists.iter().map(|list| {
                    let from = list.iter().filter(|entry| place.is_none_or(|place: Place| entry.0 <= place.at));
                    from.copied().take(to_fetch(place, size)).collect()
                });
                let (page, next) = merge(fetched.collect(), |entry| entry.0, place, size);
                prop_assert!(page.len() <= size);
                read.extend(page);
                match next {
                    Some(next) => place = Some(next),
                    None => break,
                }
            }
            prop_assert_eq!(read, whole);
        }
    }
}
