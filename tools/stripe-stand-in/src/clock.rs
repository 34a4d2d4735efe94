//! The stand-in's clock: it plays the outside world, so its time is the wall clock's.

use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds since 1970, as Stripe writes times.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "the world outside Mercato does not take its Clock"
)]
pub fn now() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| {
            i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
        })
}
