//! Texts that people type.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};

/// A trimmed text of 1 to `MAX` characters without control characters (line breaks and tabs are kept where `MAX` exceeds 200).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Text<const MAX: usize>(String);

impl<const MAX: usize> Text<MAX> {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> TryFrom<String> for Text<MAX> {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        // Browsers send forms with the line ends of mail.
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let text = text.trim();
        let control = |c: char| c.is_control() && (MAX <= 200 || !matches!(c, '\n' | '\t'));
        if !(1..=MAX).contains(&text.chars().count()) {
            Err(format!("must have 1 to {MAX} characters"))
        } else if text.chars().any(control) {
            Err("must not contain control characters".to_owned())
        } else {
            Ok(Self(text.to_owned()))
        }
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for Text<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl<const MAX: usize> fmt::Display for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<const MAX: usize> utoipa::PartialSchema for Text<MAX> {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(1))
            .max_length(Some(MAX))
            .into()
    }
}

impl<const MAX: usize> utoipa::ToSchema for Text<MAX> {
    fn name() -> Cow<'static, str> {
        Cow::Owned(format!("Text{MAX}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_trimmed_and_bounded() {
        let parse = |text: &str| Text::<5>::try_from(text.to_owned());
        assert_eq!(parse(" äbcde ").unwrap().as_str(), "äbcde");
        for bad in ["", "   ", "abcdef", "a\nb", "a\0"] {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
        for typed in ["two\nlines", "two\r\nlines", "two\rlines"] {
            let long = Text::<500>::try_from(typed.to_owned()).unwrap();
            assert_eq!(long.as_str(), "two\nlines");
        }
    }
}
