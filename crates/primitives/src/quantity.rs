use std::fmt;

use serde::{Deserialize, Serialize};

/// How many units of a variant: 1 to 9,999.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Debug,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
)]
#[serde(try_from = "i64", into = "i64")]
#[schema(value_type = i32, minimum = 1, maximum = 9999)]
pub struct Quantity(i32);

/// A quantity outside 1 to 9,999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number from 1 to 9999")]
pub struct QuantityError;

impl Quantity {
    /// The most units one line may hold.
    pub const MAX: i32 = 9_999;

    /// As PostgreSQL's `integer`.
    pub const fn get(self) -> i32 {
        self.0
    }

    /// The sum of both, unless it exceeds the maximum.
    pub fn checked_add(self, other: Self) -> Result<Self, QuantityError> {
        Self::try_from(i64::from(self.0) + i64::from(other.0))
    }
}

impl TryFrom<i64> for Quantity {
    type Error = QuantityError;
    fn try_from(n: i64) -> Result<Self, QuantityError> {
        i32::try_from(n)
            .ok()
            .filter(|n| (1..=Self::MAX).contains(n))
            .map(Self)
            .ok_or(QuantityError)
    }
}

impl TryFrom<i32> for Quantity {
    type Error = QuantityError;
    fn try_from(n: i32) -> Result<Self, QuantityError> {
        Self::try_from(i64::from(n))
    }
}

impl From<Quantity> for i64 {
    fn from(quantity: Quantity) -> Self {
        quantity.0.into()
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
