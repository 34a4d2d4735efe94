//! What is taken off without anybody asking.

use primitives::{Currency, PromotionId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::arithmetic::{half_even, percent, shares};
use super::scope::Scope;
use super::{Goods, Off};
use crate::domain::order::{UnknownName, names};

/// An automatic promotion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Promotion {
    pub(crate) id: PromotionId,
    /// What customers read.
    pub(crate) name: String,
    pub(crate) rule: Rule,
    pub(crate) conditions: Conditions,
    /// The higher, the earlier.
    pub(crate) priority: i32,
    /// Only alone: not after another promotion, and none after it.
    pub(crate) exclusive: bool,
}

/// When something is taken off at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Conditions {
    pub(crate) active: bool,
    pub(crate) starts_at: Option<Timestamp>,
    pub(crate) ends_at: Option<Timestamp>,
    /// Of all amounts here and in the rule.
    pub(crate) currency: Currency,
    /// What the lines concerned must cost at least, earlier discounts off.
    pub(crate) min_subtotal: Option<i64>,
    pub(crate) scope: Scope,
}

/// What kind of rule it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PromotionKind {
    Percent,
    Fixed,
    FreeShipping,
    BuyXGetY,
    Tiered,
}

names!(PromotionKind {
    Percent = "percent",
    Fixed = "fixed",
    FreeShipping = "free_shipping",
    BuyXGetY = "buy_x_get_y",
    Tiered = "tiered",
});

/// What is taken off the lines concerned. Also how it is stored: members may be added, never renamed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Rule {
    Percent {
        percent: u8,
        /// The most that it takes off.
        max_discount: Option<i64>,
    },
    Fixed {
        amount: i64,
    },
    FreeShipping,
    /// For every `buy` units, `get` units are cheaper: of those that qualify the cheapest ones.
    BuyXGetY {
        buy: i64,
        get: i64,
        /// 100: they are free.
        percent: u8,
        /// What can be got; what can be bought if empty.
        gets: Scope,
        /// How often in one order.
        max_times: Option<i64>,
    },
    /// The highest step reached counts.
    Tiered {
        by: Measure,
        /// Whether each line is measured by itself.
        each_line: bool,
        /// Ascending.
        steps: Vec<TierStep>,
    },
}

impl Rule {
    pub(crate) fn kind(&self) -> PromotionKind {
        match self {
            Self::Percent { .. } => PromotionKind::Percent,
            Self::Fixed { .. } => PromotionKind::Fixed,
            Self::FreeShipping => PromotionKind::FreeShipping,
            Self::BuyXGetY { .. } => PromotionKind::BuyXGetY,
            Self::Tiered { .. } => PromotionKind::Tiered,
        }
    }
}

/// What tiers are reached by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Measure {
    /// Units.
    Quantity,
    /// What they cost.
    Subtotal,
}

/// From so much on, so much less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TierStep {
    pub(crate) from: i64,
    pub(crate) off: TierOff,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TierOff {
    Percent(u8),
    Amount(i64),
}

/// What lines cost, and what they would have to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Short {
    pub(crate) has: i64,
    pub(crate) needs: i64,
}

/// Why nothing is taken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Skipped {
    #[error("it is not active")]
    NotActive,
    #[error("it has not begun yet")]
    TooEarly,
    #[error("it has ended")]
    Expired,
    #[error("it is for another currency")]
    OtherCurrency,
    #[error("no line is concerned")]
    NothingConcerned,
    #[error("the lines concerned cost less than it asks for")]
    SubtotalTooLow(Short),
    #[error("there are too few units")]
    TooFew,
    #[error("another promotion excludes it, or it another")]
    Exclusive,
}

impl Skipped {
    /// The stable code.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::NotActive => "not_active",
            Self::TooEarly => "not_yet_valid",
            Self::Expired => "expired",
            Self::OtherCurrency => "other_currency",
            Self::NothingConcerned => "nothing_concerned",
            Self::SubtotalTooLow(_) => "subtotal_too_low",
            Self::TooFew => "too_few",
            Self::Exclusive => "exclusive",
        }
    }

    /// By how much, where it is a matter of that.
    pub(crate) const fn short(self) -> Option<Short> {
        match self {
            Self::SubtotalTooLow(short) => Some(short),
            _ => None,
        }
    }
}

/// In which order promotions are applied.
pub(crate) fn order(promotions: &[Promotion]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..promotions.len()).collect();
    order.sort_by_key(|index| {
        let promotion = &promotions[*index];
        (std::cmp::Reverse(promotion.priority), promotion.id)
    });
    order
}

impl Conditions {
    /// The lines concerned, if something is taken off them now. `about_money`: whether the rule itself names an amount.
    pub(crate) fn check(
        &self,
        goods: &Goods<'_>,
        about_money: bool,
    ) -> Result<Vec<usize>, Skipped> {
        let basket = goods.basket;
        if !self.active {
            return Err(Skipped::NotActive);
        }
        if self.starts_at.is_some_and(|starts| basket.now < starts) {
            return Err(Skipped::TooEarly);
        }
        if self.ends_at.is_some_and(|ends| basket.now >= ends) {
            return Err(Skipped::Expired);
        }
        if (about_money || self.min_subtotal.is_some()) && self.currency != basket.currency {
            return Err(Skipped::OtherCurrency);
        }
        let concerned = self.scope.of(basket.lines);
        if concerned.is_empty() && !self.scope.is_everything() {
            return Err(Skipped::NothingConcerned);
        }
        let has = goods.sum(&concerned);
        if let Some(needs) = self.min_subtotal.filter(|least| has < *least) {
            return Err(Skipped::SubtotalTooLow(Short { has, needs }));
        }
        Ok(concerned)
    }
}

impl Promotion {
    pub(super) fn take_off(&self, goods: &Goods<'_>) -> Result<Off, Skipped> {
        let about_money = match &self.rule {
            Rule::Percent { max_discount, .. } => max_discount.is_some(),
            Rule::Fixed { .. } => true,
            Rule::FreeShipping | Rule::BuyXGetY { .. } => false,
            Rule::Tiered { by, steps, .. } => {
                let amount = |step: &TierStep| matches!(step.off, TierOff::Amount(_));
                *by == Measure::Subtotal || steps.iter().any(amount)
            }
        };
        let concerned = self.conditions.check(goods, about_money)?;
        let lines = match &self.rule {
            Rule::Percent {
                percent,
                max_discount,
            } => goods.percent_off(&concerned, *percent, *max_discount),
            Rule::Fixed { amount } => goods.amount_off(&concerned, *amount),
            Rule::FreeShipping => {
                return Ok(Off {
                    lines: Vec::new(),
                    free_shipping: true,
                });
            }
            Rule::BuyXGetY {
                buy,
                get,
                percent,
                gets,
                max_times,
            } => {
                let gets = if gets.is_everything() {
                    concerned.clone()
                } else {
                    gets.of(goods.basket.lines)
                };
                let got = got(goods, &concerned, &gets, (*buy, *get), *max_times)?;
                got.into_iter()
                    .map(|(index, units)| (index, goods.units_off(index, units, *percent)))
                    .collect()
            }
            Rule::Tiered {
                by,
                each_line,
                steps,
            } => {
                let groups = if *each_line {
                    concerned.iter().map(|index| vec![*index]).collect()
                } else {
                    vec![concerned]
                };
                tiered(goods, &groups, *by, steps)?
            }
        };
        Ok(Off {
            lines,
            free_shipping: false,
        })
    }
}

fn tiered(
    goods: &Goods<'_>,
    groups: &[Vec<usize>],
    by: Measure,
    steps: &[TierStep],
) -> Result<Vec<(usize, i64)>, Skipped> {
    let mut off = Vec::new();
    let (mut reached, mut most) = (false, 0);
    for group in groups {
        let measure = match by {
            Measure::Quantity => group.iter().map(|index| goods.units(*index)).sum(),
            Measure::Subtotal => goods.sum(group),
        };
        most = most.max(measure);
        let Some(step) = steps.iter().rev().find(|step| measure >= step.from) else {
            continue;
        };
        reached = true;
        off.extend(match step.off {
            TierOff::Percent(percent) => goods.percent_off(group, percent, None),
            TierOff::Amount(amount) => goods.amount_off(group, amount),
        });
    }
    let too_little = match by {
        Measure::Quantity => Skipped::TooFew,
        Measure::Subtotal => Skipped::SubtotalTooLow(Short {
            has: most,
            needs: steps.first().map_or(0, |step| step.from),
        }),
    };
    if reached { Ok(off) } else { Err(too_little) }
}

/// Which units are got for which are bought: as often as possible, no unit counted twice, and of those that qualify the cheapest.
fn got(
    goods: &Goods<'_>,
    buys: &[usize],
    gets: &[usize],
    (buy, get): (i64, i64),
    max_times: Option<i64>,
) -> Result<Vec<(usize, i64)>, Skipped> {
    let (buy, get) = (buy.max(1), get.max(1));
    let units = |of: &mut dyn Iterator<Item = &usize>| of.map(|i| goods.units(*i)).sum::<i64>();
    let both = units(&mut buys.iter().filter(|index| gets.contains(index)));
    let only_bought = units(&mut buys.iter()) - both;
    let only_got = units(&mut gets.iter()) - both;
    // So many times, what the ones of their own do not suffice for comes from those that can be either.
    let possible =
        |times: i64| (times * buy - only_bought).max(0) + (times * get - only_got).max(0) <= both;
    let (mut low, mut high) = (0, (both + only_bought + only_got) / (buy + get));
    high = max_times.map_or(high, |most| high.min(most));
    while low < high {
        let middle = low + (high - low + 1) / 2;
        if possible(middle) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    if low == 0 {
        return Err(Skipped::TooFew);
    }

    let mut wanted = low * get;
    let mut spare = both - (low * buy - only_bought).max(0);
    let mut cheapest = gets.to_vec();
    cheapest.sort_by_key(|index| (goods.basket.lines[*index].unit_price.amount(), *index));
    let mut got = Vec::new();
    for index in cheapest {
        let either = buys.contains(&index);
        let most = if either {
            spare.min(goods.units(index))
        } else {
            goods.units(index)
        };
        let taken = most.min(wanted);
        wanted -= taken;
        spare -= if either { taken } else { 0 };
        if taken > 0 {
            got.push((index, taken));
        }
    }
    Ok(got)
}

impl Goods<'_> {
    pub(crate) fn sum(&self, lines: &[usize]) -> i64 {
        lines.iter().map(|index| self.left[*index]).sum()
    }

    fn units(&self, line: usize) -> i64 {
        self.basket.lines[line].quantity.get().into()
    }

    /// So many per cent of what the lines still cost, up to a cap, shared over them.
    pub(crate) fn percent_off(
        &self,
        lines: &[usize],
        off: u8,
        cap: Option<i64>,
    ) -> Vec<(usize, i64)> {
        let whole = percent(self.sum(lines), off);
        self.amount_off(lines, cap.map_or(whole, |cap| whole.min(cap)))
    }

    /// An amount off the lines, but never more than they still cost, shared over them.
    pub(crate) fn amount_off(&self, lines: &[usize], amount: i64) -> Vec<(usize, i64)> {
        let left: Vec<i64> = lines.iter().map(|index| self.left[*index]).collect();
        let amount = amount.clamp(0, left.iter().sum());
        lines.iter().copied().zip(shares(amount, &left)).collect()
    }

    /// So many per cent of what some units of a line still cost.
    fn units_off(&self, line: usize, units: i64, off: u8) -> i64 {
        let whole = self.units(line).max(1);
        half_even(
            self.left[line],
            units * i64::from(off.min(100)),
            whole * 100,
        )
    }
}
