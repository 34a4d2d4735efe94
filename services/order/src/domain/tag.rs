//! Words by which staff find orders again.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};

/// How many an order may have.
pub(crate) const MOST: usize = 20;

/// A tag: 1 to 40 letters, digits and dashes, in lower case, so that nobody has two spellings of one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub(crate) struct Tag(String);

impl Tag {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Tag {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let tag = text.trim().to_ascii_lowercase();
        let ok = (1..=40).contains(&tag.len())
            && !tag.starts_with('-')
            && tag
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        ok.then_some(Self(tag))
            .ok_or("must be 1 to 40 letters, digits and dashes, and not begin with a dash")
    }
}

impl<'de> Deserialize<'de> for Tag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl utoipa::PartialSchema for Tag {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^[A-Za-z0-9][A-Za-z0-9-]{0,39}$"))
            .into()
    }
}

impl utoipa::ToSchema for Tag {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_have_one_spelling() {
        let parse = |text: &str| Tag::try_from(text.to_owned());
        assert_eq!(parse(" VIP-2 ").unwrap().as_str(), "vip-2");
        for bad in ["", "-a", "two words", "ä", &"a".repeat(41)] {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
    }
}
