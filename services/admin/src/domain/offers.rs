//! Coupons and promotions in plain words. What they take off is decided by order alone.

use std::collections::HashMap;

use primitives::{Currency, Money, Timestamp};
use serde::Deserialize;
use uuid::Uuid;

use crate::format::thousands;

/// Where something with dates, a switch and perhaps a limit stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Running,
    Planned,
    Over,
    UsedUp,
    Off,
}

impl State {
    pub(crate) fn of(
        active: bool,
        (starts, ends): (Option<Timestamp>, Option<Timestamp>),
        (used, limit): (i32, Option<i32>),
        now: Timestamp,
    ) -> Self {
        if !active {
            Self::Off
        } else if ends.is_some_and(|ends| now >= ends) {
            Self::Over
        } else if limit.is_some_and(|limit| used >= limit) {
            Self::UsedUp
        } else if starts.is_some_and(|starts| now < starts) {
            Self::Planned
        } else {
            Self::Running
        }
    }

    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Planned => "planned",
            Self::Over => "over",
            Self::UsedUp => "used up",
            Self::Off => "off",
        }
    }

    /// Of its badge.
    pub(crate) const fn tone(self) -> &'static str {
        match self {
            Self::Running => "good",
            Self::Planned => "info",
            Self::UsedUp => "warn",
            Self::Over | Self::Off => "",
        }
    }
}

/// What is taken off, as order keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Rule {
    Percent {
        percent: i64,
        max_discount: Option<i64>,
    },
    Fixed {
        amount: i64,
    },
    FreeShipping,
    BuyXGetY {
        buy: i64,
        get: i64,
        percent: i64,
        gets: Scope,
        max_times: Option<i64>,
    },
    Tiered {
        by: Measure,
        each_line: bool,
        steps: Vec<Step>,
    },
}

impl Rule {
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::Percent { .. } => "percent",
            Self::Fixed { .. } => "fixed",
            Self::FreeShipping => "free_shipping",
            Self::BuyXGetY { .. } => "buy_x_get_y",
            Self::Tiered { .. } => "tiered",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Measure {
    Quantity,
    Subtotal,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) struct Step {
    pub(crate) from: i64,
    pub(crate) off: Off,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Off {
    Percent(i64),
    Amount(i64),
}

/// Products and categories; everything if there are none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct Scope {
    #[serde(default)]
    pub(crate) product_ids: Vec<Uuid>,
    #[serde(default)]
    pub(crate) category_ids: Vec<Uuid>,
}

/// What products and categories are called.
pub(crate) type Names = HashMap<Uuid, String>;

impl Scope {
    pub(crate) fn ids(&self) -> impl Iterator<Item = Uuid> {
        self.category_ids.iter().chain(&self.product_ids).copied()
    }

    pub(crate) fn is_everything(&self) -> bool {
        self.product_ids.is_empty() && self.category_ids.is_empty()
    }

    /// "everything", or its first names.
    fn words(&self, names: &Names) -> String {
        let gone = || "something that is gone".to_owned();
        let mut said: Vec<String> = self
            .ids()
            .take(3)
            .map(|id| names.get(&id).cloned().unwrap_or_else(gone))
            .collect();
        let more = (self.product_ids.len() + self.category_ids.len()).saturating_sub(said.len());
        if more > 0 {
            said.push(format!("{more} more"));
        }
        match said.split_last() {
            None => "everything".to_owned(),
            Some((last, [])) => last.clone(),
            Some((last, others)) => format!("{} and {last}", others.join(", ")),
        }
    }
}

/// What a coupon or promotion gives, and from when on.
#[derive(Debug, Clone)]
pub(crate) struct Terms {
    pub(crate) rule: Rule,
    pub(crate) scope: Scope,
    /// Of all its amounts.
    pub(crate) currency: Currency,
    pub(crate) min_subtotal: Option<i64>,
}

impl Terms {
    /// All that names are needed for.
    pub(crate) fn ids(&self) -> Vec<Uuid> {
        let gets = match &self.rule {
            Rule::BuyXGetY { gets, .. } => Some(gets),
            _ => None,
        };
        self.scope
            .ids()
            .chain(gets.into_iter().flat_map(Scope::ids))
            .collect()
    }

    /// In one sentence, such as "20% off books, at most 25.00 EUR, from 50.00 EUR."
    pub(crate) fn words(&self, names: &Names) -> String {
        let money = |amount| thousands(&Money::new(amount, self.currency).to_string());
        let what = self.scope.words(names);
        let of_what = if self.scope.is_everything() {
            String::new()
        } else {
            format!(" of {what}")
        };
        let mut words = match &self.rule {
            Rule::Percent {
                percent,
                max_discount,
            } => {
                let most = max_discount.map(|most| format!(", at most {}", money(most)));
                format!("{percent}% off {what}{}", most.unwrap_or_default())
            }
            Rule::Fixed { amount } => format!("{} off {what}", money(*amount)),
            Rule::FreeShipping if self.scope.is_everything() => "Free shipping".to_owned(),
            Rule::FreeShipping => format!("Free shipping with {what}"),
            Rule::BuyXGetY {
                buy,
                get,
                percent,
                gets,
                max_times,
            } => {
                let gets = if gets.is_everything() {
                    String::new()
                } else {
                    format!(" of {}", gets.words(names))
                };
                let how = match percent {
                    100 => " free".to_owned(),
                    percent => format!(" at {percent}% off"),
                };
                let times = match max_times {
                    None => String::new(),
                    Some(1) => ", once in an order".to_owned(),
                    Some(times) => format!(", at most {times} times in an order"),
                };
                format!("Buy {buy}{of_what}, get {get}{gets}{how}{times}")
            }
            Rule::Tiered {
                by,
                each_line,
                steps,
            } => {
                let step = |step: &Step| {
                    let off = match step.off {
                        Off::Percent(percent) => format!("{percent}%"),
                        Off::Amount(amount) => money(amount),
                    };
                    match by {
                        Measure::Quantity => format!("{off} off from {} units on", step.from),
                        Measure::Subtotal => format!("{off} off from {} on", money(step.from)),
                    }
                };
                let steps: Vec<String> = steps.iter().map(step).collect();
                let each = if *each_line {
                    ", each line by itself"
                } else {
                    ""
                };
                format!("{}{of_what}{each}", steps.join(", "))
            }
        };
        if let Some(least) = self.min_subtotal.filter(|least| *least > 0) {
            words.push_str(&format!(", from {} on", money(least)));
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(rule: &str, scope: Scope, min_subtotal: Option<i64>) -> String {
        let terms = Terms {
            rule: serde_json::from_str(rule).unwrap(),
            scope,
            currency: Currency::EUR,
            min_subtotal,
        };
        let names = (1..=9).map(|id| (Uuid::from_u128(id), format!("No {id}")));
        terms.words(&names.collect())
    }

    fn of(ids: &[u128]) -> Scope {
        Scope {
            product_ids: ids.iter().copied().map(Uuid::from_u128).collect(),
            category_ids: vec![],
        }
    }

    #[test]
    fn rules_are_sentences() {
        let everything = Scope::default;
        let cases = [
            (
                words(
                    r#"{"kind":"percent","percent":20,"max_discount":250000}"#,
                    of(&[1, 2]),
                    Some(5000),
                ),
                "20% off No 1 and No 2, at most 2,500.00 EUR, from 50.00 EUR on",
            ),
            (
                words(
                    r#"{"kind":"fixed","amount":500}"#,
                    of(&[1, 2, 3, 4, 5]),
                    None,
                ),
                "5.00 EUR off No 1, No 2, No 3 and 2 more",
            ),
            (
                words(r#"{"kind":"fixed","amount":500}"#, of(&[77]), None),
                "5.00 EUR off something that is gone",
            ),
            (
                words(r#"{"kind":"free_shipping"}"#, everything(), None),
                "Free shipping",
            ),
            (
                words(
                    r#"{"kind":"buy_x_get_y","buy":2,"get":1,"percent":100,"gets":{},"max_times":2}"#,
                    of(&[1]),
                    None,
                ),
                "Buy 2 of No 1, get 1 free, at most 2 times in an order",
            ),
            (
                words(
                    r#"{"kind":"buy_x_get_y","buy":1,"get":1,"percent":50,"gets":{"product_ids":["00000000-0000-0000-0000-000000000002"]},"max_times":null}"#,
                    everything(),
                    None,
                ),
                "Buy 1, get 1 of No 2 at 50% off",
            ),
            (
                words(
                    r#"{"kind":"tiered","by":"quantity","each_line":true,"steps":[{"from":3,"off":{"percent":5}},{"from":10,"off":{"amount":1000}}]}"#,
                    everything(),
                    None,
                ),
                "5% off from 3 units on, 10.00 EUR off from 10 units on, each line by itself",
            ),
        ];
        for (found, wanted) in cases {
            assert_eq!(found, wanted);
        }
    }

    #[test]
    fn what_hinders_most_is_told() {
        let at = Timestamp::from_unix;
        let state = |active, starts: Option<i64>, ends: Option<i64>, used| {
            State::of(
                active,
                (starts.map(at), ends.map(at)),
                (used, Some(5)),
                at(100),
            )
        };
        assert_eq!(state(true, None, None, 4), State::Running);
        assert_eq!(state(true, Some(100), Some(101), 0), State::Running);
        assert_eq!(state(true, Some(101), None, 0), State::Planned);
        assert_eq!(state(true, None, Some(100), 0), State::Over);
        assert_eq!(state(true, None, None, 5), State::UsedUp);
        assert_eq!(state(false, None, Some(100), 5), State::Off);
    }
}
