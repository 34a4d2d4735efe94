//! A promotion as staff write it.

use http_kit::{FieldErrors, Result};
use primitives::{CategoryId, Currency, Money, ProductId, PromotionId, Text, Timestamp};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::domain::pricing::promotion::{
    Conditions, Measure, Promotion, PromotionKind, Rule, TierOff, TierStep,
};
use crate::http::coupons::scope;
use crate::store::promotions::Stored;

/// The terms of a promotion.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PromotionInput {
    /// What customers read.
    #[schema(value_type = String)]
    name: Text<100>,
    kind: PromotionKind,
    /// For `percent`, and for `buy_x_get_y`: there 100 unless given.
    #[schema(minimum = 1, maximum = 100)]
    percent: Option<i32>,
    /// For `percent`: the most that it takes off.
    max_discount: Option<Money>,
    /// For `fixed`.
    amount: Option<Money>,
    /// For `buy_x_get_y`: so many units must be bought …
    #[schema(minimum = 1, maximum = 9999)]
    buy_quantity: Option<i32>,
    /// … to get so many cheaper.
    #[schema(minimum = 1, maximum = 9999)]
    get_quantity: Option<i32>,
    /// What can be got; what can be bought unless given.
    #[schema(max_items = 500)]
    get_product_ids: Option<Vec<ProductId>>,
    #[schema(max_items = 100)]
    get_category_ids: Option<Vec<CategoryId>>,
    /// For `buy_x_get_y`: how often in one order.
    #[schema(minimum = 1)]
    max_times: Option<i32>,
    /// For `tiered`: `quantity` unless given.
    by: Option<Measure>,
    /// For `tiered`: whether each line is measured by itself.
    each_line: Option<bool>,
    /// For `tiered`.
    #[schema(max_items = 20)]
    tiers: Option<Vec<TierInput>>,
    /// The products concerned, besides those of `category_ids`; all if neither is given.
    #[schema(max_items = 500)]
    product_ids: Option<Vec<ProductId>>,
    /// The categories concerned, with all below them.
    #[schema(max_items = 100)]
    category_ids: Option<Vec<CategoryId>>,
    /// What the lines concerned must cost at least, earlier promotions off.
    min_subtotal: Option<Money>,
    /// The higher, the earlier; 0 unless given.
    #[schema(minimum = -1000, maximum = 1000)]
    priority: Option<i32>,
    /// Only alone: not after another promotion, and none after it.
    exclusive: Option<bool>,
    starts_at: Option<Timestamp>,
    ends_at: Option<Timestamp>,
    /// True unless given.
    active: Option<bool>,
}

/// From so much on, so much less: one of both of each.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TierInput {
    /// By quantity.
    #[schema(minimum = 1)]
    from_quantity: Option<i32>,
    /// By subtotal.
    from_subtotal: Option<Money>,
    #[schema(minimum = 1, maximum = 100)]
    percent: Option<i32>,
    amount: Option<Money>,
}

impl PromotionInput {
    /// Checks what single fields cannot, with what is kept of it.
    pub(crate) fn into_stored(
        self,
        id: PromotionId,
        shop_currency: Currency,
        now: Timestamp,
    ) -> Result<Stored> {
        Ok(Stored {
            promotion: self.into_promotion(id, shop_currency)?,
            version: 1,
            created_at: now,
            updated_at: now,
        })
    }

    /// Checks what single fields cannot.
    pub(crate) fn into_promotion(
        self,
        id: PromotionId,
        shop_currency: Currency,
    ) -> Result<Promotion> {
        let mut errors = FieldErrors::new();
        self.check_kind(&mut errors);
        let currency = self.currency(&mut errors, shop_currency);
        if self.min_subtotal.is_some_and(|least| least.amount() < 0) {
            errors.push("min_subtotal", "invalid", "must not be negative");
        }
        if let (Some(starts), Some(ends)) = (self.starts_at, self.ends_at)
            && ends <= starts
        {
            errors.push("ends_at", "invalid", "must be after starts_at");
        }
        let priority = self.priority.unwrap_or(0);
        if !(-1000..=1000).contains(&priority) {
            errors.push("priority", "invalid", "must be -1000 to 1000");
        }
        let rule = self.rule(&mut errors);
        let scope = scope(&mut errors, "", self.product_ids, self.category_ids);
        errors.into_result()?;
        Ok(Promotion {
            id,
            name: self.name.to_string(),
            rule,
            conditions: Conditions {
                active: self.active.unwrap_or(true),
                starts_at: self.starts_at,
                ends_at: self.ends_at,
                currency,
                min_subtotal: self.min_subtotal.map(Money::amount),
                scope,
            },
            priority,
            exclusive: self.exclusive.unwrap_or(false),
        })
    }

    /// Members that another kind would need.
    fn check_kind(&self, errors: &mut FieldErrors) {
        use PromotionKind::{BuyXGetY, Fixed, Percent, Tiered};
        let members: [(&str, bool, &[PromotionKind]); 11] = [
            ("percent", self.percent.is_some(), &[Percent, BuyXGetY]),
            ("max_discount", self.max_discount.is_some(), &[Percent]),
            ("amount", self.amount.is_some(), &[Fixed]),
            ("buy_quantity", self.buy_quantity.is_some(), &[BuyXGetY]),
            ("get_quantity", self.get_quantity.is_some(), &[BuyXGetY]),
            (
                "get_product_ids",
                self.get_product_ids.is_some(),
                &[BuyXGetY],
            ),
            (
                "get_category_ids",
                self.get_category_ids.is_some(),
                &[BuyXGetY],
            ),
            ("max_times", self.max_times.is_some(), &[BuyXGetY]),
            ("by", self.by.is_some(), &[Tiered]),
            ("each_line", self.each_line.is_some(), &[Tiered]),
            ("tiers", self.tiers.is_some(), &[Tiered]),
        ];
        for (member, given, kinds) in members {
            if given && !kinds.contains(&self.kind) {
                let kinds: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
                let message = format!("is for promotions of kind {}", kinds.join(" or "));
                errors.push(member, "exclusive", message);
            }
        }
    }

    /// The one currency of all amounts.
    fn currency(&self, errors: &mut FieldErrors, shop: Currency) -> Currency {
        let mut amounts = vec![
            ("amount".to_owned(), self.amount),
            ("max_discount".to_owned(), self.max_discount),
            ("min_subtotal".to_owned(), self.min_subtotal),
        ];
        for (index, tier) in self.tiers.iter().flatten().enumerate() {
            amounts.push((format!("tiers[{index}].from_subtotal"), tier.from_subtotal));
            amounts.push((format!("tiers[{index}].amount"), tier.amount));
        }
        let named = amounts.iter().find_map(|(_, amount)| *amount);
        let currency = named.map_or(shop, Money::currency);
        for (field, amount) in amounts {
            if amount.is_some_and(|amount| amount.currency() != currency) {
                errors.push(
                    field,
                    "other_currency",
                    "must be in the currency of the others",
                );
            }
        }
        currency
    }

    fn rule(&self, errors: &mut FieldErrors) -> Rule {
        match self.kind {
            PromotionKind::Percent => Rule::Percent {
                percent: percent(errors, "percent", self.percent),
                max_discount: self
                    .max_discount
                    .map(|most| amount(errors, "max_discount", Some(most))),
            },
            PromotionKind::Fixed => Rule::Fixed {
                amount: amount(errors, "amount", self.amount),
            },
            PromotionKind::FreeShipping => Rule::FreeShipping,
            PromotionKind::BuyXGetY => {
                let (products, categories) =
                    (self.get_product_ids.clone(), self.get_category_ids.clone());
                Rule::BuyXGetY {
                    buy: units(errors, "buy_quantity", self.buy_quantity),
                    get: units(errors, "get_quantity", self.get_quantity),
                    percent: percent(errors, "percent", self.percent.or(Some(100))),
                    gets: scope(errors, "get_", products, categories),
                    max_times: self
                        .max_times
                        .map(|most| units(errors, "max_times", Some(most))),
                }
            }
            PromotionKind::Tiered => self.tiered(errors),
        }
    }

    fn tiered(&self, errors: &mut FieldErrors) -> Rule {
        let by = self.by.unwrap_or(Measure::Quantity);
        let mut steps: Vec<TierStep> = Vec::new();
        for (index, tier) in self.tiers.iter().flatten().enumerate() {
            let field = |name: &str| format!("tiers[{index}].{name}");
            let from = match by {
                Measure::Quantity => units(errors, &field("from_quantity"), tier.from_quantity),
                Measure::Subtotal => amount(errors, &field("from_subtotal"), tier.from_subtotal),
            };
            let (other, given) = match by {
                Measure::Quantity => ("from_subtotal", tier.from_subtotal.is_some()),
                Measure::Subtotal => ("from_quantity", tier.from_quantity.is_some()),
            };
            if given {
                errors.push(
                    field(other),
                    "exclusive",
                    "does not go with what tiers are by",
                );
            }
            let off = match (tier.percent, tier.amount) {
                (Some(_), Some(_)) => {
                    errors.push(
                        field("amount"),
                        "exclusive",
                        "must not be given with percent",
                    );
                    TierOff::Percent(1)
                }
                (None, Some(off)) => TierOff::Amount(amount(errors, &field("amount"), Some(off))),
                (off, None) => TierOff::Percent(percent(errors, &field("percent"), off)),
            };
            if steps.last().is_some_and(|before| before.from >= from) {
                errors.push(
                    format!("tiers[{index}]"),
                    "invalid",
                    "must begin after the one before",
                );
            }
            steps.push(TierStep { from, off });
        }
        if steps.is_empty() || steps.len() > 20 {
            let code = if steps.is_empty() {
                "required"
            } else {
                "too_many"
            };
            errors.push("tiers", code, "must be 1 to 20");
        }
        Rule::Tiered {
            by,
            each_line: self.each_line.unwrap_or(false),
            steps,
        }
    }
}

fn code<T>(given: Option<T>) -> &'static str {
    given.map_or("required", |_| "invalid")
}

fn percent(errors: &mut FieldErrors, field: &str, given: Option<i32>) -> u8 {
    let good = given.and_then(|percent| u8::try_from(percent).ok());
    good.filter(|percent| (1..=100).contains(percent))
        .unwrap_or_else(|| {
            errors.push(field, code(given), "must be 1 to 100");
            1
        })
}

fn amount(errors: &mut FieldErrors, field: &str, given: Option<Money>) -> i64 {
    given
        .map(Money::amount)
        .filter(|amount| *amount > 0)
        .unwrap_or_else(|| {
            errors.push(field, code(given), "must be more than nothing");
            1
        })
}

fn units(errors: &mut FieldErrors, field: &str, given: Option<i32>) -> i64 {
    given
        .filter(|units| (1..=9999).contains(units))
        .unwrap_or_else(|| {
            errors.push(field, code(given), "must be 1 to 9999");
            1
        })
        .into()
}
