//! Which days, in which steps, and which came before them.

use std::fmt;

use time::{Date, Duration, Month};

use super::Params;
use crate::domain::cohorts::month_of;
use crate::error::{PageError, Result};
use crate::store::analytics::read_day;

/// Ranges that end today, whenever that is.
pub(super) const ROLLING: [(&str, &str); 4] = [
    ("7", "7 days"),
    ("30", "30 days"),
    ("90", "90 days"),
    ("12m", "12 months"),
];

pub(super) const STEPS: [(Step, &str); 3] = [
    (Step::Day, "day"),
    (Step::Week, "week"),
    (Step::Month, "month"),
];

/// More steps than this are no chart, and no page.
const MOST: i64 = 100;
const LONGEST: i64 = 10 * 366;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Day,
    Week,
    Month,
}

impl Step {
    /// The first day of the step that a day lies in. Weeks begin on Monday.
    fn start(self, day: Date) -> Date {
        match self {
            Self::Day => day,
            Self::Week => day - Duration::days(day.weekday().number_days_from_monday().into()),
            Self::Month => month_of(day),
        }
    }

    fn next(self, start: Date) -> Date {
        match self {
            Self::Day => start + Duration::DAY,
            Self::Week => start + Duration::WEEK,
            Self::Month => month_of(month_of(start) + Duration::days(31)),
        }
    }

    pub(super) const fn noun(self) -> &'static str {
        match self {
            Self::Day => "Day",
            Self::Week => "Week from",
            Self::Month => "Month",
        }
    }

    /// Short enough to stand below a chart.
    pub(super) fn label(self, start: Date) -> String {
        let month = &start.month().to_string()[..3];
        match self {
            Self::Month => format!("{month} {}", start.year()),
            _ => format!("{} {month}", start.day()),
        }
    }
}

/// Days from one to another, both among them, and as many before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Period {
    pub(super) range: &'static str,
    pub(super) from: Date,
    pub(super) to: Date,
    pub(super) before_from: Date,
    pub(super) before_to: Date,
    pub(super) by: Step,
}

impl Period {
    pub(super) fn of(params: &Params, today: Date) -> Result<Self> {
        let chosen = !params.from.is_empty() || !params.to.is_empty();
        let range = match ROLLING.iter().find(|(word, _)| *word == params.range) {
            // The form sends the days that it showed, too: they count if somebody changed them.
            Some((word, _))
                if !chosen || params.shown == format!("{}..{}", params.from, params.to) =>
            {
                word
            }
            None if !chosen && params.range != "custom" => "30",
            _ => "custom",
        };
        let (from, to) = match range {
            "7" => (today - Duration::days(6), today),
            "90" => (today - Duration::days(89), today),
            "12m" => (
                year_before(month_of(month_of(today) + Duration::days(31))),
                today,
            ),
            "custom" => {
                let day = |text: &str, otherwise| match text {
                    "" => Ok(otherwise),
                    text => read_day(text)
                        .filter(|day| (2000..=2199).contains(&day.year()))
                        .ok_or_else(|| PageError::invalid("A day looks like 2026-11-21.")),
                };
                let to = day(&params.to, today)?;
                (day(&params.from, to - Duration::days(29))?, to)
            }
            _ => (today - Duration::days(29), today),
        };
        let days = (to - from).whole_days() + 1;
        if !(1..=LONGEST).contains(&days) {
            let text =
                "The last day must not lie before the first, nor more than ten years after it.";
            return Err(PageError::invalid(text).back_to("/admin/analytics"));
        }
        let asked = STEPS
            .iter()
            .find(|(_, word)| *word == params.by)
            .map(|(step, _)| *step);
        let by = match asked.unwrap_or(match days {
            ..=31 => Step::Day,
            32..=120 => Step::Week,
            _ => Step::Month,
        }) {
            Step::Day if days > MOST => Step::Week,
            by => by,
        };
        let by = match by {
            Step::Week if days > 7 * MOST => Step::Month,
            by => by,
        };
        let (before_from, before_to) = match range {
            "12m" => (year_before(from), year_before(to)),
            _ => (from - Duration::days(days), from - Duration::DAY),
        };
        Ok(Self {
            range,
            from,
            to,
            before_from,
            before_to,
            by,
        })
    }

    /// The first days of all steps.
    pub(super) fn starts(&self) -> Vec<Date> {
        let mut starts = vec![self.by.start(self.from)];
        while let Some(last) = starts.last().map(|last| self.by.next(*last))
            && last <= self.to
        {
            starts.push(last);
        }
        starts
    }

    /// The step that a day lies in, or that corresponds to a day before.
    pub(super) fn step_of(&self, day: Date) -> Option<(Date, bool)> {
        if (self.from..=self.to).contains(&day) {
            return Some((self.by.start(day), false));
        }
        if !(self.before_from..=self.before_to).contains(&day) {
            return None;
        }
        let later = match self.range {
            "12m" => year_later(day),
            _ => day + (self.from - self.before_from),
        };
        Some((self.by.start(later.clamp(self.from, self.to)), true))
    }

    /// The same days in whole months and the days that are left, which are few rows however long it is: grain, first, last, whether it is the
    /// time asked for.
    pub(super) fn pieces(&self, compare: bool) -> Vec<(&'static str, Date, Date, bool)> {
        let mut pieces = split(self.from, self.to, true);
        if compare {
            pieces.extend(split(self.before_from, self.before_to, false));
        }
        pieces
    }

    pub(super) fn before(&self) -> String {
        format!("{} – {}", long(self.before_from), long(self.before_to))
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} – {}", long(self.from), long(self.to))
    }
}

fn split(from: Date, to: Date, now: bool) -> Vec<(&'static str, Date, Date, bool)> {
    let after = to + Duration::DAY;
    let first = if from == month_of(from) {
        from
    } else {
        Step::Month.next(from)
    };
    let end = month_of(after);
    if first >= end {
        return vec![("day", from, to, now)];
    }
    let mut pieces = vec![("month", first, end - Duration::DAY, now)];
    if from < first {
        pieces.push(("day", from, first - Duration::DAY, now));
    }
    if end <= to {
        pieces.push(("day", end, to, now));
    }
    pieces
}

/// `21 Nov 2026`.
pub(super) fn long(day: Date) -> String {
    format!(
        "{} {} {}",
        day.day(),
        &day.month().to_string()[..3],
        day.year()
    )
}

fn year_before(day: Date) -> Date {
    in_year(day, day.year() - 1)
}

fn year_later(day: Date) -> Date {
    in_year(day, day.year() + 1)
}

/// The 29 February is the 28 in other years.
fn in_year(day: Date, year: i32) -> Date {
    day.replace_year(year)
        .or_else(|_| Date::from_calendar_date(year, Month::February, 28))
        .unwrap_or(day)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::date;

    use super::*;

    fn period(range: &str, from: &str, to: &str, by: &str) -> Period {
        let params = Params {
            range: range.to_owned(),
            from: from.to_owned(),
            to: to.to_owned(),
            by: by.to_owned(),
            ..Params::default()
        };
        Period::of(&params, date!(2026 - 11 - 21)).unwrap()
    }

    #[test]
    fn ranges_end_today_and_follow_what_was_before() {
        let month = period("", "", "", "");
        assert_eq!(
            (month.from, month.to, month.by),
            (date!(2026 - 10 - 23), date!(2026 - 11 - 21), Step::Day)
        );
        assert_eq!(
            (month.before_from, month.before_to),
            (date!(2026 - 09 - 23), date!(2026 - 10 - 22))
        );
        let year = period("12m", "", "", "");
        assert_eq!((year.from, year.by), (date!(2025 - 12 - 01), Step::Month));
        assert_eq!(
            (year.before_from, year.before_to),
            (date!(2024 - 12 - 01), date!(2025 - 11 - 21))
        );
        assert_eq!(year.starts().len(), 12);
        assert_eq!(
            year.step_of(date!(2025 - 01 - 31)),
            Some((date!(2026 - 01 - 01), true))
        );
        assert_eq!(
            period("custom", "2024-01-01", "2026-01-01", "day").by,
            Step::Month
        );
        assert_eq!(period("90", "", "", "day").starts().len(), 90);
    }

    #[test]
    fn days_chosen_in_the_form_end_a_rolling_range() {
        let asked = |from: &str, shown: &str| {
            let params = Params {
                range: "7".to_owned(),
                from: from.to_owned(),
                to: "2026-11-20".to_owned(),
                shown: shown.to_owned(),
                ..Params::default()
            };
            Period::of(&params, date!(2026 - 11 - 21)).unwrap()
        };
        assert_eq!(asked("2026-11-14", "2026-11-14..2026-11-20").range, "7");
        assert_eq!(
            asked("2026-11-14", "2026-11-14..2026-11-20").to,
            date!(2026 - 11 - 21)
        );
        assert_eq!(
            asked("2026-11-13", "2026-11-14..2026-11-20").range,
            "custom"
        );
        assert_eq!(asked("2026-11-13", "").from, date!(2026 - 11 - 13));
    }

    #[test]
    fn nonsense_is_refused() {
        for (from, to) in [
            ("2026-02-30", ""),
            ("x", ""),
            ("2026-02-02", "2026-02-01"),
            ("2001-01-01", "2026-01-01"),
            ("9999-01-01", ""),
        ] {
            let params = Params {
                range: "custom".to_owned(),
                from: from.to_owned(),
                to: to.to_owned(),
                ..Params::default()
            };
            assert!(
                Period::of(&params, date!(2026 - 11 - 21)).is_err(),
                "{from} {to}"
            );
        }
    }

    proptest! {
        #[test]
        fn pieces_are_the_days_each_once(start in 0..2000_i64, days in 1..1500_i64) {
            let from = date!(2020 - 01 - 01) + Duration::days(start);
            let to = from + Duration::days(days - 1);
            let mut seen = Vec::new();
            for (grain, first, last, _) in split(from, to, true) {
                prop_assert!(grain == "day" || first == month_of(first) && month_of(last + Duration::DAY) == last + Duration::DAY);
                let mut day = first;
                while day <= last {
                    seen.push(day);
                    day += Duration::DAY;
                }
            }
            seen.sort();
            seen.dedup();
            prop_assert_eq!(seen.len() as i64, days);
            prop_assert_eq!((seen.first().copied(), seen.last().copied()), (Some(from), Some(to)));
        }

        #[test]
        fn every_day_has_a_step(start in 0..2000_i64, days in 1..1500_i64, by in prop::sample::select(vec!["day", "week", "month", ""])) {
            let from = date!(2020 - 01 - 01) + Duration::days(start);
            let period = period("custom", &from.to_string(), &(from + Duration::days(days - 1)).to_string(), by);
            let starts = period.starts();
            prop_assert!(starts.len() <= 125);
            let mut day = period.before_from;
            while day <= period.to {
                let (step, before) = period.step_of(day).unwrap();
                prop_assert!(starts.contains(&step));
                prop_assert_eq!(before, day < period.from);
                day += Duration::DAY;
            }
        }
    }
}
