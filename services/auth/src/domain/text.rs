use std::fmt;

use serde::{Deserialize, Serialize};

/// One line of 1 to `MAX` characters, without spaces around it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Line<const MAX: usize>(String);

impl<const MAX: usize> Line<MAX> {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> TryFrom<String> for Line<MAX> {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() || text.chars().count() > MAX || text.chars().any(char::is_control) {
            return Err(format!("must be one line of 1 to {MAX} characters"));
        }
        Ok(Self(text.to_owned()))
    }
}

impl<const MAX: usize> From<Line<MAX>> for String {
    fn from(line: Line<MAX>) -> Self {
        line.0
    }
}

/// Without the text, which may be personal.
impl<const MAX: usize> fmt::Debug for Line<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Line({})", self.0.chars().count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_trimmed_and_bounded() {
        assert_eq!(
            Line::<5>::try_from("  ä b  ".to_owned()).unwrap().as_str(),
            "ä b"
        );
        assert!(Line::<5>::try_from("ääääää".to_owned()).is_err());
        for bad in ["", "   ", "a\nb", "a\0"] {
            assert!(Line::<5>::try_from(bad.to_owned()).is_err(), "{bad:?}");
        }
    }
}
