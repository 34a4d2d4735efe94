//! What a reduced price is compared with by law.

use std::time::Duration;

use primitives::Timestamp;
use serde::Deserialize;

/// How far back Directive 98/6/EC looks (Art. 6a).
const LOOKS_BACK: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// A time in which a variant was offered to the public at one price.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Offered {
    pub(crate) price: i64,
    /// A reduction is announced if it is higher than the price.
    pub(crate) compare_at_price: Option<i64>,
    pub(crate) from: Timestamp,
    /// None: still.
    pub(crate) until: Option<Timestamp>,
}

impl Offered {
    fn announces_reduction(&self) -> bool {
        self.compare_at_price
            .is_some_and(|compared| compared > self.price)
    }
}

/// The lowest price of the 30 days before the present reduction, which an announcement of it must show. None while no
/// reduction is announced, or if the variant was not on offer in those days.
///
/// `history` is one variant's in one currency, oldest first. A further reduction is a new one, with the price before it among
/// those compared: the reading that never flatters. An interruption of the offer alone begins nothing anew.
pub(crate) fn lowest_before_reduction(history: &[Offered]) -> Option<i64> {
    let (now, before) = history.split_last()?;
    if now.until.is_some() || !now.announces_reduction() {
        return None;
    }
    let same = |offered: &&Offered| offered.price == now.price && offered.announces_reduction();
    let began = before
        .iter()
        .rev()
        .take_while(same)
        .last()
        .map_or(now.from, |first| first.from);
    let earliest = began - LOOKS_BACK;
    before
        .iter()
        .filter(|offered| offered.from < began)
        .filter(|offered| offered.until.is_none_or(|until| until > earliest))
        .map(|offered| offered.price)
        .min()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DAY: i64 = 24 * 60 * 60;

    fn day(day: i64) -> Timestamp {
        Timestamp::from_unix(day * DAY)
    }

    fn offered(
        price: i64,
        compare_at_price: Option<i64>,
        from: i64,
        until: Option<i64>,
    ) -> Offered {
        Offered {
            price,
            compare_at_price,
            from: day(from),
            until: until.map(day),
        }
    }

    #[test]
    fn a_reduction_shows_the_lowest_price_of_thirty_days() {
        let mut history = vec![
            offered(70, None, 0, Some(10)),
            offered(100, None, 10, Some(35)),
            offered(90, None, 35, Some(38)),
            offered(100, None, 38, Some(60)),
            offered(80, Some(100), 60, None),
        ];
        assert_eq!(lowest_before_reduction(&history), Some(90));
        // It began with the announcement, not with the price.
        history[4] = offered(80, None, 60, Some(70));
        history.push(offered(80, Some(100), 70, None));
        assert_eq!(lowest_before_reduction(&history), Some(80));
    }

    #[test]
    fn nothing_is_shown_without_a_reduction_or_a_past() {
        assert_eq!(lowest_before_reduction(&[]), None);
        assert_eq!(
            lowest_before_reduction(&[offered(80, Some(100), 0, None)]),
            None
        );
        let history = [offered(100, None, 0, Some(9)), offered(80, None, 9, None)];
        assert_eq!(lowest_before_reduction(&history), None);
        let history = [
            offered(100, None, 0, Some(9)),
            offered(80, Some(100), 40, None),
        ];
        assert_eq!(lowest_before_reduction(&history), None);
    }

    #[test]
    fn an_interruption_or_another_price_to_compare_with_begins_nothing_anew() {
        let history = [
            offered(100, None, 0, Some(30)),
            offered(80, Some(100), 30, Some(40)),
            offered(80, Some(110), 40, Some(42)),
            offered(80, Some(110), 55, None),
        ];
        assert_eq!(lowest_before_reduction(&history), Some(100));
    }

    /// Day by day: when did the reduction begin, and what did it cost on each of the thirty days before?
    fn by_the_calendar(days: &[Option<(i64, bool)>]) -> Option<i64> {
        let (price, reduced) = (*days.last()?)?;
        if !reduced {
            return None;
        }
        let mut began = days.len() - 1;
        for (at, day) in days.iter().enumerate().rev() {
            match day {
                None => {}
                Some(day) if *day == (price, true) => began = at,
                Some(_) => break,
            }
        }
        days[began.saturating_sub(30)..began]
            .iter()
            .flatten()
            .map(|(price, _)| *price)
            .min()
    }

    proptest! {
        #[test]
        fn it_is_what_the_calendar_says(
            runs in proptest::collection::vec((proptest::option::weighted(0.9, (1..6_i64, any::<bool>())), 1..20_usize), 1..12),
        ) {
            let days: Vec<_> = runs.iter().flat_map(|(offer, days)| std::iter::repeat_n(*offer, *days)).collect();
            let mut history: Vec<Offered> = Vec::new();
            let mut at = 0_i64;
            for (number, (offer, days)) in runs.iter().enumerate() {
                let until = at + i64::try_from(*days).unwrap();
                if let Some((price, reduced)) = offer {
                    let open = number + 1 == runs.len();
                    history.push(offered(*price, reduced.then_some(price + 1), at, (!open).then_some(until)));
                }
                at = until;
            }
            prop_assert_eq!(lowest_before_reduction(&history), by_the_calendar(&days));
        }
    }
}
