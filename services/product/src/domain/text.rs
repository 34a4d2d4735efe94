//! Checked values of the catalogue: parsed once at the edge, correct ever after.

use primitives::Money;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Declares a trimmed text of so many characters.
macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident: $min:tt to $max:tt, $message:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
        #[serde(try_from = "String", into = "String")]
        #[schema(value_type = String, min_length = $min, max_length = $max)]
        pub(crate) struct $name(String);

        impl std::ops::Deref for $name {
            type Target = str;
            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = &'static str;
            fn try_from(text: String) -> Result<Self, Self::Error> {
                let text = text.trim();
                // PostgreSQL cannot keep NUL in a text.
                if ($min..=$max).contains(&text.chars().count()) && !text.contains('\0') { Ok(Self(text.to_owned())) } else { Err($message) }
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }
    )*};
}

texts! {
    /// A product's title.
    Title: 1 to 200, "must be 1 to 200 characters";
    /// A product's description, in plain text.
    Description: 0 to 20000, "must be at most 20000 characters";
    /// The name of an option or attribute, such as `size`.
    Name: 1 to 64, "must be 1 to 64 characters";
    /// The value of an option or attribute, such as `M`.
    Value: 1 to 500, "must be 1 to 500 characters";
    /// A product's title for search engines.
    SeoTitle: 1 to 200, "must be 1 to 200 characters";
    /// A product's description for search engines.
    SeoDescription: 1 to 500, "must be 1 to 500 characters";
    /// What a scanner reads: GTIN, ISBN or the like.
    Barcode: 1 to 64, "must be 1 to 64 characters";
    /// A category's description, in plain text.
    CategoryDescription: 0 to 5000, "must be at most 5000 characters";
    /// What people read instead of an attribute's key, such as `Screen size`.
    Label: 1 to 100, "must be 1 to 100 characters";
    /// One of the values that an attribute may have.
    Choice: 1 to 100, "must be 1 to 100 characters";
    /// What a number counts, such as `kg`.
    Unit: 1 to 20, "must be 1 to 20 characters";
    /// A category's name.
    CategoryName: 1 to 100, "must be 1 to 100 characters";
    /// What a picture shows, for who cannot see it.
    Alt: 0 to 300, "must be at most 300 characters";
    /// A review's headline.
    ReviewTitle: 1 to 150, "must be 1 to 150 characters";
    /// A review's text.
    ReviewBody: 1 to 5000, "must be 1 to 5000 characters";
    /// What a seller or the shop answers to a review.
    ReplyBody: 1 to 5000, "must be 1 to 5000 characters";
    /// What staff look for in reviews.
    ReviewWords: 1 to 200, "must be 1 to 200 characters";
    /// The name of a place where stock lies.
    LocationName: 1 to 100, "must be 1 to 100 characters";
    /// Why something was done, for the people who look at it later.
    Reason: 1 to 500, "must be 1 to 500 characters";
}

/// The key of a defined attribute, such as `screen_size`: lower-case letters, digits, `_` and `-`, a letter first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, pattern = "^[a-z][a-z0-9_-]{0,63}$")]
pub(crate) struct Key(String);

impl std::ops::Deref for Key {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Key {
    type Error = &'static str;
    fn try_from(key: String) -> Result<Self, Self::Error> {
        let plain =
            |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-');
        let begins = key.as_bytes().first().is_some_and(u8::is_ascii_lowercase);
        if begins && key.len() <= 64 && key.bytes().all(plain) {
            Ok(Self(key))
        } else {
            Err("must be at most 64 lower-case letters, digits, _ and -, and begin with a letter")
        }
    }
}

impl From<Key> for String {
    fn from(key: Key) -> Self {
        key.0
    }
}

/// A price of one unit: not negative, and small enough that no order can overflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "Money", into = "Money")]
#[schema(value_type = Money)]
pub(crate) struct Price(Money);

impl Price {
    const MAX: i64 = 100_000_000_000;

    pub(crate) fn money(self) -> Money {
        self.0
    }
}

impl TryFrom<Money> for Price {
    type Error = &'static str;
    fn try_from(money: Money) -> Result<Self, Self::Error> {
        if (0..=Self::MAX).contains(&money.amount()) {
            Ok(Self(money))
        } else {
            Err("amount must be from 0 to 100000000000 minor units")
        }
    }
}

impl From<Price> for Money {
    fn from(price: Price) -> Self {
        price.0
    }
}

/// Declares a whole number between bounds.
macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident: $min:tt to $max:tt, $message:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
        #[serde(try_from = "i64", into = "i64")]
        #[schema(value_type = i32, minimum = $min, maximum = $max)]
        pub(crate) struct $name(i32);

        impl $name {
            pub(crate) fn get(self) -> i32 {
                self.0
            }
        }

        impl TryFrom<i64> for $name {
            type Error = &'static str;
            fn try_from(number: i64) -> Result<Self, Self::Error> {
                i32::try_from(number).ok().filter(|number| ($min..=$max).contains(number)).map(Self).ok_or($message)
            }
        }

        impl From<$name> for i64 {
            fn from(number: $name) -> Self {
                number.0.into()
            }
        }
    )*};
}

numbers! {
    /// A weight, up to ten tonnes.
    Grams: 0 to 10_000_000, "must be a whole number of grams from 0 to 10000000";
    /// A length, up to a hundred metres.
    Millimetres: 1 to 100_000, "must be a whole number of millimetres from 1 to 100000";
}

/// How many units lie somewhere: 0 to 1,000,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "i64", into = "i64")]
#[schema(value_type = i32, minimum = 0, maximum = 1_000_000)]
pub(crate) struct Units(i32);

impl Units {
    pub(crate) const ZERO: Self = Self(0);
    pub(crate) const MAX: i32 = 1_000_000;

    pub(crate) fn get(self) -> i32 {
        self.0
    }
}

impl TryFrom<i64> for Units {
    type Error = &'static str;
    fn try_from(units: i64) -> Result<Self, Self::Error> {
        i32::try_from(units)
            .ok()
            .filter(|units| (0..=Self::MAX).contains(units))
            .map(Self)
            .ok_or("must be a whole number from 0 to 1000000")
    }
}

impl From<Units> for i64 {
    fn from(units: Units) -> Self {
        units.0.into()
    }
}

/// How a place is called in files: small letters, digits and hyphens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, pattern = "^[a-z0-9][a-z0-9-]{0,39}$")]
pub(crate) struct LocationCode(String);

impl TryFrom<String> for LocationCode {
    type Error = &'static str;
    fn try_from(code: String) -> Result<Self, Self::Error> {
        let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if (1..=40).contains(&code.len()) && !code.starts_with('-') && code.chars().all(good) {
            Ok(Self(code))
        } else {
            Err("must be 1 to 40 small letters, digits and hyphens, and not begin with a hyphen")
        }
    }
}

impl From<LocationCode> for String {
    fn from(code: LocationCode) -> Self {
        code.0
    }
}

/// One to five stars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "i64", into = "i64")]
#[schema(value_type = i16, minimum = 1, maximum = 5)]
pub(crate) struct Rating(i16);

impl Rating {
    pub(crate) fn get(self) -> i16 {
        self.0
    }
}

impl TryFrom<i64> for Rating {
    type Error = &'static str;
    fn try_from(stars: i64) -> Result<Self, Self::Error> {
        i16::try_from(stars)
            .ok()
            .filter(|stars| (1..=5).contains(stars))
            .map(Self)
            .ok_or("must be a whole number from 1 to 5")
    }
}

impl From<Rating> for i64 {
    fn from(rating: Rating) -> Self {
        rating.0.into()
    }
}

/// Selects the tax rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub(crate) enum TaxClass {
    Standard,
    Reduced,
    Zero,
}

impl TaxClass {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Reduced => "reduced",
            Self::Zero => "zero",
        }
    }
}
