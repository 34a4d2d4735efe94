//! Customers by the month in which they first ordered, and what they did in which month.

use std::collections::BTreeMap;

use time::Date;

use super::sales::{Facts, Report};

/// Customers who ordered, their orders, and the revenue that stays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Activity {
    pub(crate) customers: i64,
    pub(crate) orders: i64,
    pub(crate) revenue: i64,
}

impl Activity {
    pub(crate) fn is_zero(self) -> bool {
        self == Self::default()
    }
}

/// By currency, cohort and month.
pub(crate) type Cohorts = BTreeMap<(String, Date, Date), Activity>;

/// Adds (or with `-1` takes away) what the orders of one customer bring, each currency by itself.
pub(crate) fn add<'a>(
    cohorts: &mut Cohorts,
    orders: impl IntoIterator<Item = &'a Facts>,
    sign: i64,
) {
    let mut months: BTreeMap<(&str, Date), (i64, i64)> = BTreeMap::new();
    for facts in orders {
        for ((report, day, _), measures) in &facts.parts {
            if *report == Report::All {
                let month = months.entry((&facts.currency, month_of(*day))).or_default();
                month.0 += measures.orders;
                month.1 += measures.net();
            }
        }
    }
    let mut first: BTreeMap<&str, Date> = BTreeMap::new();
    for ((currency, month), (orders, _)) in &months {
        if *orders > 0 {
            let _ = first.entry(currency).or_insert(*month);
        }
    }
    for ((currency, month), (orders, revenue)) in months {
        let Some(cohort) = first.get(currency) else {
            continue;
        };
        let activity = cohorts
            .entry((currency.to_owned(), *cohort, month))
            .or_default();
        activity.customers += sign * i64::from(orders > 0);
        activity.orders += sign * orders;
        activity.revenue += sign * revenue;
    }
}

/// Its first day.
pub(crate) fn month_of(day: Date) -> Date {
    day.replace_day(1).unwrap_or(day)
}
