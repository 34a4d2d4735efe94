//! What did not fit, and where.

use std::fmt::{self, Display, Write as _};

use serde::de::{self, Expected, Unexpected};

/// Where a value is, as a list from the leaf to the root that lives on the stack.
#[derive(Clone, Copy)]
pub(super) enum Path<'p> {
    Root,
    Field(&'p Path<'p>, &'p str),
    Index(&'p Path<'p>, usize),
}

impl Path<'_> {
    pub(super) const ROOT: Path<'static> = Path::Root;

    pub(super) fn is_root(self) -> bool {
        matches!(self, Path::Root)
    }
}

impl Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Path::Root => Ok(()),
            Path::Field(Path::Root, name) => f.write_str(name),
            Path::Field(parent, name) => write!(f, "{parent}.{name}"),
            Path::Index(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

/// Why a value did not fit.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    pub(super) code: &'static str,
    pub(super) message: String,
}

impl Failure {
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }

    pub(super) fn required() -> Self {
        Self::new("required", "is required")
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

impl de::Error for Failure {
    /// What a type says of its own text. `is required…` has the code of a field that is not there.
    fn custom<T: Display>(message: T) -> Self {
        let message = message.to_string();
        let code = if message.starts_with("is required") {
            "required"
        } else {
            "invalid"
        };
        Self::new(code, message)
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new("invalid_type", format!("must be {expected}"))
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new("invalid", format!("must be {expected}"))
    }

    fn invalid_length(length: usize, expected: &dyn Expected) -> Self {
        Self::new(
            "invalid",
            format!("has {length} elements, but must be {expected}"),
        )
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::new("invalid", one_of(expected))
    }

    fn unknown_field(field: &str, _: &'static [&'static str]) -> Self {
        Self::new("unknown_field", format!("has an unknown field `{field}`"))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new("required", format!("lacks the field `{field}`"))
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::new("invalid", format!("has the field `{field}` twice"))
    }
}

pub(super) fn one_of(choices: &[&str]) -> String {
    let mut message = "must be one of: ".to_owned();
    for (index, choice) in choices.iter().enumerate() {
        let _ = write!(message, "{}{choice}", if index == 0 { "" } else { ", " });
    }
    message
}
