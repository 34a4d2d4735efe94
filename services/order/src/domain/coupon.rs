//! When a coupon takes something off.

use std::str::FromStr;

use primitives::{CouponId, Timestamp};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::order::{UnknownName, names};
use super::pricing::promotion::{Conditions, Short, Skipped};
use super::pricing::{Goods, Off};

/// What customers type: 3 to 40 letters, digits, `-` or `_`, in upper case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, pattern = "^[A-Z0-9_-]{3,40}$")]
pub(crate) struct CouponCode(String);

impl CouponCode {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CouponCode {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let code = text.trim().to_ascii_uppercase();
        let ok = (3..=40).contains(&code.len())
            && code
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        ok.then_some(Self(code))
            .ok_or("must be 3 to 40 letters, digits, '-' or '_'")
    }
}

impl<'de> Deserialize<'de> for CouponCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// What a coupon does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CouponKind {
    Percent,
    Fixed,
    FreeShipping,
}

names!(CouponKind { Percent = "percent", Fixed = "fixed", FreeShipping = "free_shipping" });

/// A coupon.
#[derive(Debug, Clone)]
pub(crate) struct Coupon {
    pub(crate) id: CouponId,
    pub(crate) code: String,
    pub(crate) terms: Terms,
    pub(crate) per_customer_limit: Option<i32>,
    pub(crate) created_at: Timestamp,
    pub(crate) version: i32,
}

/// All that the rules look at.
#[derive(Debug, Clone)]
pub(crate) struct Terms {
    pub(crate) kind: CouponKind,
    pub(crate) percent: Option<i32>,
    /// The most that a percentage takes off.
    pub(crate) max_discount: Option<i64>,
    pub(crate) amount: Option<i64>,
    pub(crate) conditions: Conditions,
    pub(crate) usage_limit: Option<i32>,
    pub(crate) used: i32,
}

/// Why a coupon takes nothing off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotApplicable {
    #[error("The coupon is not known or no longer valid.")]
    Unknown,
    #[error("The coupon is not valid yet.")]
    TooEarly,
    #[error("The coupon has expired.")]
    Expired,
    #[error("The coupon has been used up.")]
    UsedUp,
    #[error("You have used this coupon as often as it allows.")]
    UsedByCustomer,
    #[error("The cart's subtotal is below what the coupon asks for.")]
    SubtotalTooLow(Short),
    #[error("The coupon is for another currency.")]
    OtherCurrency,
    #[error("The coupon is not for what is in the cart.")]
    OtherProducts,
}

impl From<Skipped> for NotApplicable {
    fn from(skipped: Skipped) -> Self {
        match skipped {
            Skipped::NotActive | Skipped::Exclusive => Self::Unknown,
            Skipped::TooEarly => Self::TooEarly,
            Skipped::Expired => Self::Expired,
            Skipped::OtherCurrency => Self::OtherCurrency,
            Skipped::NothingConcerned | Skipped::TooFew => Self::OtherProducts,
            Skipped::SubtotalTooLow(short) => Self::SubtotalTooLow(short),
        }
    }
}

impl NotApplicable {
    /// The stable code of the API's problem.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Unknown => "coupon_unknown",
            Self::TooEarly => "coupon_not_yet_valid",
            Self::Expired => "coupon_expired",
            Self::UsedUp | Self::UsedByCustomer => "coupon_used_up",
            Self::SubtotalTooLow(_) => "coupon_subtotal_too_low",
            Self::OtherCurrency => "coupon_other_currency",
            Self::OtherProducts => "coupon_other_products",
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

impl Coupon {
    /// Whether a customer who used it so often may use it once more.
    pub(crate) fn again_after(&self, uses: i64) -> Result<(), NotApplicable> {
        let limit = self.per_customer_limit.map(i64::from);
        if limit.is_some_and(|limit| uses >= limit) {
            return Err(NotApplicable::UsedByCustomer);
        }
        Ok(())
    }

    /// What it takes off goods, now. How often one customer used it is checked when it is redeemed.
    pub(super) fn take_off(&self, goods: &Goods<'_>) -> Result<Off, NotApplicable> {
        let terms = &self.terms;
        let about_money = terms.kind == CouponKind::Fixed || terms.max_discount.is_some();
        let concerned = terms.conditions.check(goods, about_money);
        // Used up is told before a subtotal that could be raised in vain.
        if !matches!(
            concerned,
            Err(Skipped::NotActive | Skipped::TooEarly | Skipped::Expired)
        ) && terms.usage_limit.is_some_and(|limit| terms.used >= limit)
        {
            return Err(NotApplicable::UsedUp);
        }
        let concerned = concerned?;
        let lines = match terms.kind {
            CouponKind::Percent => {
                let percent = terms
                    .percent
                    .and_then(|percent| u8::try_from(percent).ok())
                    .ok_or(NotApplicable::Unknown)?;
                goods.percent_off(&concerned, percent, terms.max_discount)
            }
            CouponKind::Fixed => {
                goods.amount_off(&concerned, terms.amount.ok_or(NotApplicable::Unknown)?)
            }
            CouponKind::FreeShipping => Vec::new(),
        };
        Ok(Off {
            lines,
            free_shipping: terms.kind == CouponKind::FreeShipping,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_upper_cased() {
        assert_eq!(
            " summer-10 ".parse::<CouponCode>().unwrap().as_str(),
            "SUMMER-10"
        );
        for bad in ["ab", "ä10", "A B C", &"x".repeat(41)] {
            assert!(bad.parse::<CouponCode>().is_err(), "{bad}");
        }
    }
}
