//! `/api/coupons`, for staff who may manage them.

pub(crate) mod create;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod remove;
pub(crate) mod update;

use http_kit::{FieldErrors, Result};
use primitives::{CategoryId, CouponId, Currency, Money, ProductId, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::coupon::{CouponCode, CouponKind, Terms};
use crate::domain::pricing::promotion::Conditions;
use crate::domain::pricing::scope::Scope;
use crate::store::coupons::Coupon;

/// The terms of a coupon.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CouponInput {
    code: CouponCode,
    kind: CouponKind,
    /// For `percent`: 1 to 100.
    #[schema(minimum = 1, maximum = 100)]
    percent: Option<i32>,
    /// For `percent`: the most that it takes off.
    max_discount: Option<Money>,
    /// For `fixed`.
    amount: Option<Money>,
    /// The products that it is for, besides those of `category_ids`; all if neither is given.
    #[schema(max_items = 500)]
    product_ids: Option<Vec<ProductId>>,
    /// The categories, with all below them, that it is for.
    #[schema(max_items = 100)]
    category_ids: Option<Vec<CategoryId>>,
    /// What the lines that it is for must cost at least, promotions off.
    min_subtotal: Option<Money>,
    /// How often it may be used in all.
    #[schema(minimum = 1)]
    usage_limit: Option<i32>,
    /// How often one customer may use it.
    #[schema(minimum = 1)]
    per_customer_limit: Option<i32>,
    starts_at: Option<Timestamp>,
    ends_at: Option<Timestamp>,
    /// True unless given.
    active: Option<bool>,
}

/// A coupon.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Coupon)]
pub(crate) struct CouponView {
    id: CouponId,
    code: String,
    kind: CouponKind,
    percent: Option<i32>,
    max_discount: Option<Money>,
    amount: Option<Money>,
    /// Everything if this and `category_ids` are empty.
    product_ids: Vec<ProductId>,
    category_ids: Vec<CategoryId>,
    min_subtotal: Option<Money>,
    usage_limit: Option<i32>,
    per_customer_limit: Option<i32>,
    /// How often it was used.
    used: i32,
    starts_at: Option<Timestamp>,
    ends_at: Option<Timestamp>,
    active: bool,
    created_at: Timestamp,
    version: i32,
}

impl CouponView {
    /// The version, for the ETag.
    pub(crate) fn version(&self) -> i32 {
        self.version
    }
}

impl From<Coupon> for CouponView {
    fn from(coupon: Coupon) -> Self {
        let Terms {
            kind,
            percent,
            max_discount,
            amount,
            conditions,
            usage_limit,
            used,
        } = coupon.terms;
        let Conditions {
            active,
            starts_at,
            ends_at,
            currency,
            min_subtotal,
            scope,
        } = conditions;
        let money = |amount| Money::new(amount, currency);
        Self {
            id: coupon.id,
            code: coupon.code,
            kind,
            percent,
            max_discount: max_discount.map(money),
            product_ids: scope.product_ids,
            category_ids: scope.category_ids,
            amount: amount.map(money),
            min_subtotal: min_subtotal.map(money),
            usage_limit,
            per_customer_limit: coupon.per_customer_limit,
            used,
            starts_at,
            ends_at,
            active,
            created_at: coupon.created_at,
            version: coupon.version,
        }
    }
}

impl CouponInput {
    /// Checks what single fields cannot.
    pub(crate) fn into_coupon(
        self,
        id: CouponId,
        shop_currency: Currency,
        created_at: Timestamp,
        version: i32,
    ) -> Result<Coupon> {
        let mut errors = FieldErrors::new();
        match self.kind {
            CouponKind::Percent => {
                if !self
                    .percent
                    .is_some_and(|percent| (1..=100).contains(&percent))
                {
                    errors.push(
                        "percent",
                        if self.percent.is_none() {
                            "required"
                        } else {
                            "invalid"
                        },
                        "must be 1 to 100",
                    );
                }
            }
            CouponKind::Fixed => {
                if self.amount.is_none_or(|amount| amount.amount() <= 0) {
                    errors.push(
                        "amount",
                        if self.amount.is_none() {
                            "required"
                        } else {
                            "invalid"
                        },
                        "must be more than nothing",
                    );
                }
            }
            CouponKind::FreeShipping => {}
        }
        if self.percent.is_some() && self.kind != CouponKind::Percent {
            errors.push("percent", "exclusive", "is for coupons of kind percent");
        }
        if self.amount.is_some() && self.kind != CouponKind::Fixed {
            errors.push("amount", "exclusive", "is for coupons of kind fixed");
        }
        if self.max_discount.is_some() && self.kind != CouponKind::Percent {
            errors.push(
                "max_discount",
                "exclusive",
                "is for coupons of kind percent",
            );
        }
        if self.max_discount.is_some_and(|most| most.amount() <= 0) {
            errors.push("max_discount", "invalid", "must be more than nothing");
        }
        if self.min_subtotal.is_some_and(|least| least.amount() < 0) {
            errors.push("min_subtotal", "invalid", "must not be negative");
        }
        let amounts = [
            ("amount", self.amount),
            ("max_discount", self.max_discount),
            ("min_subtotal", self.min_subtotal),
        ];
        let named = amounts.iter().find_map(|(_, amount)| *amount);
        let currency = named.map_or(shop_currency, Money::currency);
        for (field, amount) in amounts {
            if amount.is_some_and(|amount| amount.currency() != currency) {
                errors.push(
                    field,
                    "other_currency",
                    "must be in the currency of the others",
                );
            }
        }
        let scope = scope(&mut errors, "", self.product_ids, self.category_ids);
        for (field, limit) in [
            ("usage_limit", self.usage_limit),
            ("per_customer_limit", self.per_customer_limit),
        ] {
            if limit.is_some_and(|limit| limit < 1) {
                errors.push(field, "invalid", "must be at least 1");
            }
        }
        if let (Some(starts), Some(ends)) = (self.starts_at, self.ends_at)
            && ends <= starts
        {
            errors.push("ends_at", "invalid", "must be after starts_at");
        }
        errors.into_result()?;
        Ok(Coupon {
            id,
            code: self.code.as_str().to_owned(),
            terms: Terms {
                kind: self.kind,
                percent: self.percent,
                max_discount: self.max_discount.map(Money::amount),
                amount: self.amount.map(Money::amount),
                conditions: Conditions {
                    active: self.active.unwrap_or(true),
                    starts_at: self.starts_at,
                    ends_at: self.ends_at,
                    currency,
                    min_subtotal: self.min_subtotal.map(Money::amount),
                    scope,
                },
                usage_limit: self.usage_limit,
                used: 0,
            },
            per_customer_limit: self.per_customer_limit,
            created_at,
            version,
        })
    }
}

/// What a promotion or coupon is for, within bounds. `prefix`: what the fields' names begin with.
pub(crate) fn scope(
    errors: &mut FieldErrors,
    prefix: &str,
    products: Option<Vec<ProductId>>,
    categories: Option<Vec<CategoryId>>,
) -> Scope {
    let scope = Scope {
        product_ids: products.unwrap_or_default(),
        category_ids: categories.unwrap_or_default(),
    };
    for (field, count, most) in [
        ("product_ids", scope.product_ids.len(), 500),
        ("category_ids", scope.category_ids.len(), 100),
    ] {
        if count > most {
            let message = format!("must not be more than {most}");
            errors.push(format!("{prefix}{field}"), "too_many", message);
        }
    }
    scope
}

fn taken() -> http_kit::Error {
    http_kit::Error::conflict(
        "coupon_code_taken",
        "There is a coupon with this code already.",
    )
}
