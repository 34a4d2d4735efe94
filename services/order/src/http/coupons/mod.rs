//! `/api/coupons`, for staff who may manage them.

pub(crate) mod create;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod remove;
pub(crate) mod update;

use http_kit::{FieldErrors, Result};
use primitives::{CouponId, Currency, Money, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::coupon::{CouponCode, CouponKind, Terms};
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
    /// For `fixed`.
    amount: Option<Money>,
    /// What the lines must cost at least.
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
    amount: Option<Money>,
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
            amount,
            currency,
            min_subtotal,
            usage_limit,
            used,
            starts_at,
            ends_at,
            active,
        } = coupon.terms;
        let money = |amount| Money::new(amount, currency);
        Self {
            id: coupon.id,
            code: coupon.code,
            kind,
            percent,
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
        if self.min_subtotal.is_some_and(|least| least.amount() < 0) {
            errors.push("min_subtotal", "invalid", "must not be negative");
        }
        let currency = self
            .amount
            .or(self.min_subtotal)
            .map_or(shop_currency, Money::currency);
        if self
            .min_subtotal
            .is_some_and(|least| least.currency() != currency)
        {
            errors.push(
                "min_subtotal",
                "other_currency",
                "must be in the currency of amount",
            );
        }
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
                amount: self.amount.map(Money::amount),
                currency,
                min_subtotal: self.min_subtotal.map(Money::amount),
                usage_limit: self.usage_limit,
                used: 0,
                starts_at: self.starts_at,
                ends_at: self.ends_at,
                active: self.active.unwrap_or(true),
            },
            per_customer_limit: self.per_customer_limit,
            created_at,
            version,
        })
    }
}

fn taken() -> http_kit::Error {
    http_kit::Error::conflict(
        "coupon_code_taken",
        "There is a coupon with this code already.",
    )
}
