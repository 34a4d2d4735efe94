//! Revenue of a day by hours, of a week and of a month by days, with the time before.

use primitives::Currency;
use time::{Date, Duration};

use crate::domain::sales::Measures;
use crate::pages::chart::{Chart, Plot, Series, Unit};
use crate::store::home::Now;

/// Of how much time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Span {
    Day,
    Week,
    Month,
}

impl Span {
    const ALL: [Self; 3] = [Self::Day, Self::Week, Self::Month];

    /// By the word in an address, which anybody may have written.
    pub(super) fn named(word: &str) -> Self {
        let found = Self::ALL.into_iter().find(|span| span.word() == word);
        found.unwrap_or(Self::Day)
    }

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    const fn label(self) -> &'static str {
        match self {
            Self::Day => "Day",
            Self::Week => "Week",
            Self::Month => "Month",
        }
    }

    /// How many days; nothing for one by hours.
    pub(super) const fn days(self) -> Option<u16> {
        match self {
            Self::Day => None,
            Self::Week => Some(7),
            Self::Month => Some(30),
        }
    }
}

/// A chart, and the links that show another.
pub(super) struct Trend {
    pub(super) title: String,
    pub(super) chart: Chart,
    pub(super) total: String,
    /// Address, words, and whether it is what is shown.
    pub(super) spans: Vec<(String, &'static str, bool)>,
    pub(super) comparing: Vec<(String, &'static str, bool)>,
}

impl Trend {
    pub(super) fn draw(
        clock: &Now,
        span: Span,
        compare: bool,
        currency: Currency,
        quarters: &[(Date, u8, Measures)],
        days: &[(Date, Measures)],
        address: impl Fn(&str, bool) -> String,
    ) -> Self {
        let unit = Unit::Money(currency);
        let (labels, now, before) = match span.days() {
            None => hours(clock, quarters),
            Some(count) => by_day(clock.today, count, days),
        };
        let total = unit.full(now.iter().sum());
        let (title, name, other) = match span {
            Span::Day => (
                "Revenue today".to_owned(),
                "Today".to_owned(),
                format!("Last {}", clock.today.weekday()),
            ),
            _ => {
                let count = span.days().unwrap_or_default();
                (
                    format!("Revenue of {count} days"),
                    format!("These {count} days"),
                    format!("The {count} days before"),
                )
            }
        };
        let mut series = vec![Series::new(name, now)];
        if compare {
            series.push(Series::new(other, before).before());
        }
        let plot = Plot {
            id: "trend",
            title: title.clone(),
            unit,
            along: if span == Span::Day { "Hour" } else { "Day" },
            labels,
            series,
            table: true,
        };
        let chart = match span {
            Span::Week => plot.bars(),
            Span::Day | Span::Month => plot.lines(),
        };
        Self {
            title,
            chart,
            total,
            spans: Span::ALL
                .map(|other| (address(other.word(), compare), other.label(), other == span))
                .into(),
            comparing: vec![
                (address(span.word(), true), "With before", compare),
                (address(span.word(), false), "Alone", !compare),
            ],
        }
    }
}

type Drawn = (Vec<String>, Vec<i64>, Vec<i64>);

/// By hours. Hours that have not come yet are no zeros: the line ends now.
fn hours(clock: &Now, quarters: &[(Date, u8, Measures)]) -> Drawn {
    let (mut now, mut before) = (vec![0; 24], vec![0; 24]);
    for (day, quarter, measures) in quarters {
        let side = if *day == clock.today {
            &mut now
        } else {
            &mut before
        };
        if let Some(hour) = side.get_mut(usize::from(quarter / 4)) {
            *hour += measures.net();
        }
    }
    now.truncate(usize::try_from(clock.quarter / 4 + 1).unwrap_or(24));
    let labels = (0..24).map(|hour| format!("{hour:02}:00")).collect();
    (labels, now, before)
}

/// Some days until today, and as many before.
fn by_day(today: Date, count: u16, days: &[(Date, Measures)]) -> Drawn {
    let first = today - Duration::days(i64::from(count) - 1);
    let of = |from: Date| {
        let mut values = vec![0; usize::from(count)];
        for (day, measures) in days {
            let at = usize::try_from((*day - from).whole_days());
            if let Some(value) = at.ok().and_then(|at| values.get_mut(at)) {
                *value += measures.net();
            }
        }
        values
    };
    let label = |at: u16| {
        let day = first + Duration::days(at.into());
        let month = day.month().to_string();
        if count <= 7 {
            let weekday = day.weekday().to_string();
            format!("{} {}", weekday.get(..3).unwrap_or_default(), day.day())
        } else {
            format!("{} {}", day.day(), month.get(..3).unwrap_or_default())
        }
    };
    let labels = (0..count).map(label).collect();
    (labels, of(first), of(first - Duration::days(count.into())))
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    fn sold(total: i64) -> Measures {
        Measures {
            orders: 1,
            total,
            ..Measures::default()
        }
    }

    #[test]
    fn days_lie_under_those_they_are_compared_with() {
        let today = date!(2026 - 11 - 21);
        let days = [
            (date!(2026 - 11 - 07), sold(1)),
            (date!(2026 - 11 - 08), sold(2)),
            (date!(2026 - 11 - 14), sold(3)),
            (date!(2026 - 11 - 15), sold(4)),
            (today, sold(5)),
        ];
        let (labels, now, before) = by_day(today, 7, &days);
        assert_eq!(labels.first().map(String::as_str), Some("Sun 15"));
        assert_eq!(now, [4, 0, 0, 0, 0, 0, 5]);
        assert_eq!(before, [2, 0, 0, 0, 0, 0, 3]);
    }
}
