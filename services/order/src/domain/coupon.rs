//! When a coupon takes something off.

use std::str::FromStr;

use primitives::{Currency, Money, Timestamp};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::order::{UnknownName, names};
use super::pricing::Discount;

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

/// All that the rules look at.
#[derive(Debug, Clone)]
pub(crate) struct Terms {
    pub(crate) kind: CouponKind,
    pub(crate) percent: Option<i32>,
    pub(crate) amount: Option<i64>,
    pub(crate) currency: Currency,
    pub(crate) min_subtotal: Option<i64>,
    pub(crate) usage_limit: Option<i32>,
    pub(crate) used: i32,
    pub(crate) starts_at: Option<Timestamp>,
    pub(crate) ends_at: Option<Timestamp>,
    pub(crate) active: bool,
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
    #[error("The cart's subtotal is below what the coupon asks for.")]
    SubtotalTooLow,
    #[error("The coupon is for another currency.")]
    OtherCurrency,
}

impl NotApplicable {
    /// The stable code of the API's problem.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Unknown => "coupon_unknown",
            Self::TooEarly => "coupon_not_yet_valid",
            Self::Expired => "coupon_expired",
            Self::UsedUp => "coupon_used_up",
            Self::SubtotalTooLow => "coupon_subtotal_too_low",
            Self::OtherCurrency => "coupon_other_currency",
        }
    }
}

impl Terms {
    /// What the coupon takes off a basket whose lines cost `subtotal`, now. How often one customer used it is checked when it is redeemed.
    pub(crate) fn discount(
        &self,
        subtotal: i64,
        currency: Currency,
        now: Timestamp,
    ) -> Result<Discount, NotApplicable> {
        if !self.active {
            return Err(NotApplicable::Unknown);
        }
        if self.starts_at.is_some_and(|starts| now < starts) {
            return Err(NotApplicable::TooEarly);
        }
        if self.ends_at.is_some_and(|ends| now >= ends) {
            return Err(NotApplicable::Expired);
        }
        if self.usage_limit.is_some_and(|limit| self.used >= limit) {
            return Err(NotApplicable::UsedUp);
        }
        let about_money = self.kind == CouponKind::Fixed || self.min_subtotal.is_some();
        if about_money && self.currency != currency {
            return Err(NotApplicable::OtherCurrency);
        }
        if self.min_subtotal.is_some_and(|least| subtotal < least) {
            return Err(NotApplicable::SubtotalTooLow);
        }
        match self.kind {
            CouponKind::Percent => {
                let percent = self
                    .percent
                    .and_then(|percent| u8::try_from(percent).ok())
                    .ok_or(NotApplicable::Unknown)?;
                Ok(Discount::Percent(percent))
            }
            CouponKind::Fixed => self
                .amount
                .map(|amount| Discount::Fixed(Money::new(amount, self.currency)))
                .ok_or(NotApplicable::Unknown),
            CouponKind::FreeShipping => Ok(Discount::FreeShipping),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms() -> Terms {
        Terms {
            kind: CouponKind::Percent,
            percent: Some(10),
            amount: None,
            currency: Currency::EUR,
            min_subtotal: Some(1000),
            usage_limit: Some(5),
            used: 4,
            starts_at: Some(Timestamp::from_unix(100)),
            ends_at: Some(Timestamp::from_unix(200)),
            active: true,
        }
    }

    #[test]
    fn a_coupon_applies_within_its_terms_only() {
        let at = Timestamp::from_unix;
        let ask = |terms: Terms, subtotal, now| terms.discount(subtotal, Currency::EUR, at(now));
        assert_eq!(ask(terms(), 1000, 100), Ok(Discount::Percent(10)));
        assert_eq!(ask(terms(), 999, 100), Err(NotApplicable::SubtotalTooLow));
        assert_eq!(ask(terms(), 1000, 99), Err(NotApplicable::TooEarly));
        assert_eq!(ask(terms(), 1000, 200), Err(NotApplicable::Expired));
        assert_eq!(
            ask(Terms { used: 5, ..terms() }, 1000, 150),
            Err(NotApplicable::UsedUp)
        );
        assert_eq!(
            ask(
                Terms {
                    active: false,
                    ..terms()
                },
                1000,
                150
            ),
            Err(NotApplicable::Unknown)
        );
    }

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
