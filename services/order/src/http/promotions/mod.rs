//! `/api/promotions`, for staff who may manage them.

pub(crate) mod create;
pub(crate) mod get;
mod input;
pub(crate) mod list;
pub(crate) mod remove;
pub(crate) mod update;

use primitives::{CategoryId, Money, ProductId, PromotionId, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

pub(crate) use self::input::PromotionInput;
use crate::domain::pricing::promotion::{Conditions, Measure, PromotionKind, Rule, TierOff};
use crate::store::promotions::Stored;

/// A promotion. Which members there are depends on its kind.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Promotion)]
pub(crate) struct PromotionView {
    id: PromotionId,
    /// What customers read.
    name: String,
    kind: PromotionKind,
    #[serde(flatten)]
    rule: RuleView,
    /// Everything if this and `category_ids` are empty.
    product_ids: Vec<ProductId>,
    category_ids: Vec<CategoryId>,
    min_subtotal: Option<Money>,
    priority: i32,
    exclusive: bool,
    starts_at: Option<Timestamp>,
    ends_at: Option<Timestamp>,
    active: bool,
    created_at: Timestamp,
    updated_at: Timestamp,
    version: i32,
}

/// What the kind of promotion needs.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct RuleView {
    #[serde(skip_serializing_if = "Option::is_none")]
    percent: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_discount: Option<Money>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<Money>,
    #[serde(skip_serializing_if = "Option::is_none")]
    buy_quantity: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    get_quantity: Option<i64>,
    /// What can be got; what can be bought if this and `get_category_ids` are empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    get_product_ids: Option<Vec<ProductId>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    get_category_ids: Option<Vec<CategoryId>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_times: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<Measure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    each_line: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tiers: Option<Vec<TierView>>,
}

/// From so much on, so much less.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Tier)]
pub(crate) struct TierView {
    #[serde(skip_serializing_if = "Option::is_none")]
    from_quantity: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from_subtotal: Option<Money>,
    #[serde(skip_serializing_if = "Option::is_none")]
    percent: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<Money>,
}

impl PromotionView {
    /// The version, for the ETag.
    pub(crate) fn version(&self) -> i32 {
        self.version
    }
}

impl From<Stored> for PromotionView {
    fn from(stored: Stored) -> Self {
        let promotion = stored.promotion;
        let Conditions {
            active,
            starts_at,
            ends_at,
            currency,
            min_subtotal,
            scope,
        } = promotion.conditions;
        let money = |amount| Money::new(amount, currency);
        Self {
            id: promotion.id,
            name: promotion.name,
            kind: promotion.rule.kind(),
            rule: RuleView::new(promotion.rule, money),
            product_ids: scope.product_ids,
            category_ids: scope.category_ids,
            min_subtotal: min_subtotal.map(money),
            priority: promotion.priority,
            exclusive: promotion.exclusive,
            starts_at,
            ends_at,
            active,
            created_at: stored.created_at,
            updated_at: stored.updated_at,
            version: stored.version,
        }
    }
}

impl RuleView {
    fn new(rule: Rule, money: impl Fn(i64) -> Money) -> Self {
        let none = Self::default();
        match rule {
            Rule::Percent {
                percent,
                max_discount,
            } => Self {
                percent: Some(percent),
                max_discount: max_discount.map(money),
                ..none
            },
            Rule::Fixed { amount } => Self {
                amount: Some(money(amount)),
                ..none
            },
            Rule::FreeShipping => none,
            Rule::BuyXGetY {
                buy,
                get,
                percent,
                gets,
                max_times,
            } => Self {
                percent: Some(percent),
                buy_quantity: Some(buy),
                get_quantity: Some(get),
                get_product_ids: Some(gets.product_ids),
                get_category_ids: Some(gets.category_ids),
                max_times,
                ..none
            },
            Rule::Tiered {
                by,
                each_line,
                steps,
            } => {
                let tier = |step: crate::domain::pricing::promotion::TierStep| TierView {
                    from_quantity: (by == Measure::Quantity).then_some(step.from),
                    from_subtotal: (by == Measure::Subtotal).then(|| money(step.from)),
                    percent: match step.off {
                        TierOff::Percent(percent) => Some(percent),
                        TierOff::Amount(_) => None,
                    },
                    amount: match step.off {
                        TierOff::Amount(amount) => Some(money(amount)),
                        TierOff::Percent(_) => None,
                    },
                };
                Self {
                    by: Some(by),
                    each_line: Some(each_line),
                    tiers: Some(steps.into_iter().map(tier).collect()),
                    ..none
                }
            }
        }
    }
}
