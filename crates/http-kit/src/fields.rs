//! The list of bad fields of one request.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::{Error, Result};

/// One bad field of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldError {
    /// Where it is: `email`, `shipping_address.country`, `variants[0].sku`.
    #[schema(example = "shipping_address.country")]
    pub field: String,
    /// A stable word for programs: `required`, `unknown_field`, `invalid_type`, `invalid` or a handler's own.
    #[schema(example = "required")]
    pub code: Cow<'static, str>,
    /// A sentence for people.
    #[schema(example = "is required")]
    pub message: String,
}

/// Collects bad fields, so that a client hears of all of them at once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldErrors(Vec<FieldError>);

impl FieldErrors {
    /// No bad field yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one, in a chain.
    #[must_use]
    pub fn add(
        mut self,
        field: impl Into<String>,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
    ) -> Self {
        self.push(field, code, message);
        self
    }

    /// Adds one to a list that is being filled in a loop.
    pub fn push(
        &mut self,
        field: impl Into<String>,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
    ) {
        self.0.push(FieldError {
            field: field.into(),
            code: code.into(),
            message: message.into(),
        });
    }

    /// Whether nothing was wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The bad fields in the order in which they were found.
    #[must_use]
    pub fn as_slice(&self) -> &[FieldError] {
        &self.0
    }

    /// `Err` with 422 `validation_failed` if there is a bad field.
    ///
    /// # Errors
    /// When at least one field was added.
    pub fn into_result(self) -> Result<()> {
        if self.is_empty() {
            Ok(())
        } else {
            Err(Error::validation(self))
        }
    }

    pub(crate) fn into_vec(self) -> Vec<FieldError> {
        self.0
    }
}

impl From<Vec<FieldError>> for FieldErrors {
    fn from(errors: Vec<FieldError>) -> Self {
        Self(errors)
    }
}

/// 422 `validation_failed` for a single field.
#[must_use]
pub fn one_field(
    field: impl Into<String>,
    code: impl Into<Cow<'static, str>>,
    message: impl Into<String>,
) -> Error {
    Error::validation(FieldErrors::new().add(field, code, message))
}
