use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};

use crate::{Quantity, TextError};

/// A currency by its ISO 4217 code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, utoipa::ToSchema)]
#[schema(value_type = String, example = "EUR")]
pub struct Currency(&'static str);

/// The currencies that Stripe can charge and most shops use, with the digits of their minor unit (ISO 4217).
const CURRENCIES: [(&str, u32); 36] = [
    ("AED", 2),
    ("AUD", 2),
    ("BGN", 2),
    ("BRL", 2),
    ("CAD", 2),
    ("CHF", 2),
    ("CLP", 0),
    ("CNY", 2),
    ("CZK", 2),
    ("DKK", 2),
    ("EUR", 2),
    ("GBP", 2),
    ("HKD", 2),
    ("HUF", 2),
    ("IDR", 2),
    ("ILS", 2),
    ("INR", 2),
    ("ISK", 0),
    ("JPY", 0),
    ("KRW", 0),
    ("KWD", 3),
    ("MXN", 2),
    ("MYR", 2),
    ("NOK", 2),
    ("NZD", 2),
    ("PHP", 2),
    ("PLN", 2),
    ("RON", 2),
    ("SAR", 2),
    ("SEK", 2),
    ("SGD", 2),
    ("THB", 2),
    ("TRY", 2),
    ("TWD", 2),
    ("USD", 2),
    ("ZAR", 2),
];

impl Currency {
    /// The euro.
    pub const EUR: Self = Self("EUR");

    /// The code, such as `EUR`.
    pub const fn code(&self) -> &'static str {
        self.0
    }

    /// Digits of the minor unit: 2 for cents, 0 where there is none.
    pub fn exponent(self) -> u32 {
        CURRENCIES
            .iter()
            .find(|(code, _)| *code == self.code())
            .map_or(2, |(_, digits)| *digits)
    }
}

impl FromStr for Currency {
    type Err = TextError;
    fn from_str(text: &str) -> Result<Self, TextError> {
        CURRENCIES
            .iter()
            .find(|(code, _)| *code == text)
            .map(|(code, _)| Self(code))
            .ok_or(TextError::new(
                "must be an ISO 4217 currency code such as EUR",
            ))
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// An amount in whole minor units of one currency. All arithmetic is checked.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// Minor units: 1999 is 19.99 EUR.
    amount: i64,
    /// ISO 4217 code.
    currency: Currency,
}

/// Why two amounts cannot be combined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The amounts are of different currencies.
    #[error("amounts of different currencies cannot be combined")]
    Currency,
    /// The result does not fit.
    #[error("amount is out of range")]
    Overflow,
}

impl Money {
    /// So many minor units.
    pub const fn new(amount: i64, currency: Currency) -> Self {
        Self { amount, currency }
    }

    /// Nothing, in a currency.
    pub const fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    /// Minor units.
    pub const fn amount(self) -> i64 {
        self.amount
    }

    /// The currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// The sum.
    ///
    /// # Errors
    /// Different currencies, or out of range.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.combine(other, i64::checked_add)
    }

    /// The difference; may be negative.
    ///
    /// # Errors
    /// Different currencies, or out of range.
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.combine(other, i64::checked_sub)
    }

    /// The price of so many units.
    ///
    /// # Errors
    /// Out of range.
    pub fn times(self, quantity: Quantity) -> Result<Self, MoneyError> {
        let amount = self
            .amount
            .checked_mul(quantity.into())
            .ok_or(MoneyError::Overflow)?;
        Ok(Self { amount, ..self })
    }

    fn combine(
        self,
        other: Self,
        operation: fn(i64, i64) -> Option<i64>,
    ) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::Currency);
        }
        let amount = operation(self.amount, other.amount).ok_or(MoneyError::Overflow)?;
        Ok(Self { amount, ..self })
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.currency.exponent();
        let unit = 10_u64.pow(digits);
        let sign = if self.amount < 0 { "-" } else { "" };
        let magnitude = self.amount.unsigned_abs();
        match digits {
            0 => write!(f, "{sign}{magnitude} {}", self.currency),
            _ => write!(
                f,
                "{sign}{}.{:0width$} {}",
                magnitude / unit,
                magnitude % unit,
                self.currency,
                width = digits as usize
            ),
        }
    }
}

/// Splits `total` in proportion to `weights` by largest remainder: the parts always add up to the whole, and on equal
/// remainders the earlier part gets the unit. Weights that are all zero share like equal ones; no weights, no parts.
pub fn share(total: i64, weights: &[u64]) -> Vec<i64> {
    if weights.is_empty() {
        return Vec::new();
    }
    let equal = vec![1; weights.len()];
    let weights = if weights.iter().all(|w| *w == 0) {
        &equal
    } else {
        weights
    };
    let sum: u128 = weights.iter().map(|w| u128::from(*w)).sum();
    let magnitude = u128::from(total.unsigned_abs());

    let mut parts: Vec<u128> = Vec::with_capacity(weights.len());
    let mut remainders: Vec<(u128, usize)> = Vec::with_capacity(weights.len());
    for (index, weight) in weights.iter().enumerate() {
        let product = magnitude * u128::from(*weight);
        parts.push(product / sum);
        remainders.push((product % sum, index));
    }
    remainders.sort_by_key(|(remainder, index)| (std::cmp::Reverse(*remainder), *index));
    let left = magnitude - parts.iter().sum::<u128>();
    for (_, index) in remainders
        .into_iter()
        .take(usize::try_from(left).unwrap_or(0))
    {
        parts[index] += 1;
    }
    parts
        .into_iter()
        .map(|part| {
            if total < 0 {
                -(part as i128) as i64
            } else {
                part as i64
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn money_is_strict_about_currency_and_range() {
        let euro = Money::new(1, Currency::EUR);
        let dollar = Money::new(1, "USD".parse().unwrap());
        assert_eq!(euro.checked_add(dollar), Err(MoneyError::Currency));
        assert_eq!(
            Money::new(i64::MAX, Currency::EUR).checked_add(euro),
            Err(MoneyError::Overflow)
        );
        assert_eq!(Money::new(-1999, Currency::EUR).to_string(), "-19.99 EUR");
        assert_eq!(
            Money::new(500, "JPY".parse().unwrap()).to_string(),
            "500 JPY"
        );
    }

    #[test]
    fn money_has_the_documented_json() {
        let money = Money::new(1999, Currency::EUR);
        assert_eq!(
            serde_json::to_string(&money).unwrap(),
            r#"{"amount":1999,"currency":"EUR"}"#
        );
        assert!(serde_json::from_str::<Money>(r#"{"amount":19.99,"currency":"EUR"}"#).is_err());
        assert!(serde_json::from_str::<Money>(r#"{"amount":1,"currency":"EURO"}"#).is_err());
    }

    proptest! {
        #[test]
        fn shares_add_up_and_stay_within_a_unit_of_fair(
            total in any::<i64>(), weights in prop::collection::vec(0_u64..=1_000_000_000_000, 1..40)
        ) {
            let parts = share(total, &weights);
            prop_assert_eq!(parts.len(), weights.len());
            prop_assert_eq!(parts.iter().map(|p| i128::from(*p)).sum::<i128>(), i128::from(total));
            let sum: i128 = weights.iter().map(|w| i128::from(*w)).sum();
            if sum > 0 {
                for (part, weight) in parts.iter().zip(&weights) {
                    let fair = i128::from(total) * i128::from(*weight) / sum;
                    prop_assert!((i128::from(*part) - fair).abs() <= 1);
                }
            }
        }
    }
}
