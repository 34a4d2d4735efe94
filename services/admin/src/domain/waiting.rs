//! How long an order has waited, and until when it should leave.

use std::time::Duration;

use primitives::Timestamp;

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

/// A time in the largest unit that fits: `5 min`, `3 h`, `2 days`.
pub(crate) fn span(time: Duration) -> String {
    let minutes = time.as_secs() / 60;
    match minutes {
        0..60 => format!("{} min", minutes.max(1)),
        60..2880 => format!("{} h", minutes / 60),
        _ => format!("{} days", minutes / 1440),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_are_told_in_the_largest_unit_that_fits() {
        let told = |seconds| span(Duration::from_secs(seconds));
        assert_eq!(told(0), "1 min");
        assert_eq!(told(3599), "59 min");
        assert_eq!(told(3600), "1 h");
        assert_eq!(told(47 * 3600), "47 h");
        assert_eq!(told(48 * 3600), "2 days");
    }

    proptest! {
        #[test]
        fn what_is_over_is_late_and_nothing_else(since in 0..2_000_000_000i64, within in 0..10_000_000u64, now in 0..2_100_000_000i64) {
            let ship_by = ShipBy::new(Timestamp::from_unix(since), Duration::from_secs(within), Timestamp::from_unix(now));
            prop_assert_eq!(ship_by.late.is_some(), now > since + within as i64);
        }
    }
}
