//! The day in a few numbers, beside those of the same hours a week ago.

use std::cmp::Ordering;

use primitives::Currency;
use time::Date;

use crate::domain::sales::{Measures, quarter_key};
use crate::pages::chart::Unit;
use crate::read::today::Checkouts;
use crate::store::home::Now;

/// Nothing can be compared in its first minutes.
const BEGUN: &str = "the day has just begun";

/// A number that counts.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tile {
    pub(super) label: &'static str,
    pub(super) value: String,
    pub(super) difference: Difference,
    pub(super) href: String,
}

/// How it compares, in words and by an arrow: never by colour alone.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Difference {
    pub(super) arrow: &'static str,
    /// `up`, `down` or nothing.
    pub(super) class: &'static str,
    pub(super) words: String,
    /// What it is compared with.
    pub(super) than: String,
}

impl Difference {
    /// In per cent.
    fn of(now: i64, before: i64, unit: Unit) -> Self {
        let (arrow, class, how) = direction(now.cmp(&before));
        let than = unit.full(before);
        let words = match (now, before) {
            (0, 0) => return Self::none("nothing then either"),
            (_, 0) => {
                return Self {
                    arrow,
                    class,
                    words: "nothing then".to_owned(),
                    than: String::new(),
                };
            }
            _ if now == before => "as much as".to_owned(),
            _ => {
                let permille =
                    (i128::from(now) - i128::from(before)).abs() * 1000 / i128::from(before).abs();
                format!("{}.{} % {how} than", permille / 10, permille % 10)
            }
        };
        Self {
            arrow,
            class,
            words,
            than,
        }
    }

    /// Of two shares, in points.
    fn of_shares(now: Option<i64>, before: Option<i64>) -> Self {
        let (Some(now), Some(before)) = (now, before) else {
            return Self::none(match now {
                Some(_) => "no checkout then",
                None => "no checkout yet",
            });
        };
        let (arrow, class, how) = direction(now.cmp(&before));
        let apart = (now - before).abs();
        Self {
            arrow,
            class,
            words: match apart {
                0 => "as many as".to_owned(),
                _ => format!("{}.{} points {how} than", apart / 10, apart % 10),
            },
            than: percent(before),
        }
    }

    fn none(words: &str) -> Self {
        Self {
            arrow: "",
            class: "",
            words: words.to_owned(),
            than: String::new(),
        }
    }
}

fn direction(order: Ordering) -> (&'static str, &'static str, &'static str) {
    match order {
        Ordering::Greater => ("▲", "up", "more"),
        Ordering::Less => ("▼", "down", "less"),
        Ordering::Equal => ("", "", ""),
    }
}

/// Thousandths as `62.5 %`.
fn percent(permille: i64) -> String {
    format!("{}.{} %", permille / 10, permille % 10)
}

fn share(part: i64, of: i64) -> Option<i64> {
    (of > 0).then(|| part * 1000 / of)
}

/// The weekday and the time that today is compared with: `last Saturday by 14:00`.
pub(super) fn then(clock: &Now) -> String {
    let quarter = u8::try_from(clock.compared).unwrap_or_default();
    format!("last {} by {}", clock.today.weekday(), quarter_key(quarter))
}

/// The numbers of today, and those of a week ago until as late as it is now.
pub(super) fn sums(clock: &Now, quarters: &[(Date, u8, Measures)]) -> (Measures, Measures) {
    let (mut now, mut before) = (Measures::default(), Measures::default());
    for (day, quarter, measures) in quarters {
        if *day == clock.today {
            now += *measures;
        } else if i32::from(*quarter) < clock.compared {
            before += *measures;
        }
    }
    (now, before)
}

pub(super) fn tiles(
    clock: &Now,
    currency: Currency,
    quarters: &[(Date, u8, Measures)],
    checkouts: Checkouts,
    customers: (i64, i64),
) -> Vec<Tile> {
    let (now, before) = sums(clock, quarters);
    let money = Unit::Money(currency);
    let average = |measures: Measures| match measures.orders {
        0 => 0,
        orders => measures.total / orders,
    };
    let begun = clock.compared == 0;
    let tile = |label, unit: Unit, now, before, href: String| Tile {
        label,
        value: unit.full(now),
        difference: match begun {
            true => Difference::none(BEGUN),
            false => Difference::of(now, before, unit),
        },
        href,
    };
    let analytics = || {
        let day = clock.today;
        format!("/admin/analytics/sales?range=custom&from={day}&to={day}")
    };
    let orders = || "/admin/orders?today=true".to_owned();
    let converted = share(checkouts.confirmed, checkouts.started);
    let converted_before = share(checkouts.confirmed_before, checkouts.started_before);
    vec![
        tile("Revenue", money, now.net(), before.net(), analytics()),
        tile("Orders", Unit::Count, now.orders, before.orders, orders()),
        tile(
            "Average order",
            money,
            average(now),
            average(before),
            analytics(),
        ),
        Tile {
            label: "Checkout conversion",
            value: converted.map_or_else(|| "–".to_owned(), percent),
            difference: match begun {
                true => Difference::none(BEGUN),
                false => Difference::of_shares(converted, converted_before),
            },
            href: orders(),
        },
        tile(
            "New customers",
            Unit::Count,
            customers.0,
            customers.1,
            "/admin/customers".to_owned(),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn differences_are_said_in_words() {
        let count = |now, before| Difference::of(now, before, Unit::Count);
        assert_eq!(count(0, 0).words, "nothing then either");
        assert_eq!(
            (count(3, 0).words.as_str(), count(3, 0).arrow),
            ("nothing then", "▲")
        );
        assert_eq!(count(5, 5).words, "as much as");
        let less = count(0, 1200);
        assert_eq!(
            (less.words.as_str(), less.than.as_str()),
            ("100.0 % less than", "1,200")
        );
        assert_eq!(count(5, -10).words, "150.0 % more than");
        let shares = Difference::of_shares(Some(625), Some(594));
        assert_eq!(
            (shares.words.as_str(), shares.than.as_str()),
            ("3.1 points more than", "59.4 %")
        );
        assert_eq!(
            Difference::of_shares(None, Some(1)).words,
            "no checkout yet"
        );
    }

    proptest! {
        #[test]
        fn the_arrow_says_what_the_words_say(now in any::<i64>(), before in any::<i64>()) {
            let difference = Difference::of(now, before, Unit::Count);
            let up = difference.arrow == "▲";
            prop_assert_eq!(up, now > before);
            prop_assert_eq!(difference.class == "up", up);
            prop_assert!(!difference.words.contains("less") || now < before);
        }
    }
}
