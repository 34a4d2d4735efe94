//! Rankings of so many rows that nobody waits for them twice in a minute. Their time is shown with them.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use primitives::Timestamp;

use crate::store::analytics_pages::Rankings;

/// From so many rows on a ranking is kept; smaller ones are made each time.
const MANY: i64 = 10_000;
const AGE: Duration = Duration::from_secs(60);
/// The most that is kept.
const MOST: usize = 64;

struct Kept {
    made: Timestamp,
    /// What the numbers are of.
    as_of: Option<Timestamp>,
    rankings: Rankings,
}

/// The rankings of this process, by what was asked.
#[derive(Default)]
pub(crate) struct KeptRankings(Mutex<HashMap<String, Kept>>);

impl KeptRankings {
    pub(super) fn get(&self, asked: &str, now: Timestamp) -> Option<(Rankings, Option<Timestamp>)> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = all.get(asked).filter(|kept| now.since(kept.made) < AGE)?;
        Some((kept.rankings.clone(), kept.as_of))
    }

    pub(super) fn keep(
        &self,
        asked: String,
        rankings: &Rankings,
        now: Timestamp,
        as_of: Option<Timestamp>,
    ) {
        if rankings.groups < MANY {
            return;
        }
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST {
            all.clear();
        }
        let kept = Kept {
            made: now,
            as_of,
            rankings: rankings.clone(),
        };
        let _ = all.insert(asked, kept);
    }
}
