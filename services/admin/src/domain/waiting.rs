//! How long an order has waited, and until when it should leave.

use std::time::Duration;

use primitives::Timestamp;

use super::span::span;

/// Until when something should be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ShipBy {
    pub(crate) at: Timestamp,
    /// By how much that is over, in words.
    pub(crate) late: Option<String>,
}

impl ShipBy {
    pub(crate) fn new(since: Timestamp, within: Duration, now: Timestamp) -> Self {
        let at = since + within;
        Self {
            at,
            late: (at < now).then(|| span(now.since(at))),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_over_is_late_and_nothing_else(since in 0..2_000_000_000i64, within in 0..10_000_000u64, now in 0..2_100_000_000i64) {
            let ship_by = ShipBy::new(Timestamp::from_unix(since), Duration::from_secs(within), Timestamp::from_unix(now));
            prop_assert_eq!(ship_by.late.is_some(), now > since + within as i64);
        }
    }
}
