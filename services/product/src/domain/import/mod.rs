//! Catalogues as CSV files: bytes → rows → what they say of products, and back. No I/O: whoever calls feeds bytes and looks
//! things up.
//!
//! ```text
//! bytes ─ reader ─► rows ─ header ─► columns ─ plan ─► a product's patch ─ merge, with what the shop has ─► what to do
//! ```

pub(crate) mod cells;
pub(crate) mod columns;
pub(crate) mod export;
pub(crate) mod html;
pub(crate) mod known;
pub(crate) mod merge;
pub(crate) mod places;
pub(crate) mod plan;
pub(crate) mod reader;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Whose columns a file has.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema, sqlx::Type,
)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[schema(as = CatalogueFormat)]
pub(crate) enum Format {
    /// Our own: nothing is lost on the way out and in again.
    #[default]
    Mercato,
    /// Shopify's product CSV, with the headings of its export or those of its newer template.
    Shopify,
}

impl Format {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Mercato => "mercato",
            Self::Shopify => "shopify",
        }
    }
}

/// The most rows that one product may have: its variants, and the rows that only show a picture.
pub(crate) const MAX_PRODUCT_ROWS: i32 = 500;
/// The most bytes that the rows of one product may have.
pub(crate) const MAX_PRODUCT_BYTES: i64 = 8 * 1024 * 1024;

/// A row of a file. The first after the header is number 2, as a spreadsheet shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) number: i32,
    pub(crate) cells: Vec<String>,
}

/// Why a row was not imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ImportRowError)]
pub(crate) struct RowError {
    /// The row as a spreadsheet shows it: the header is row 1.
    pub(crate) row: i32,
    /// The column's heading; empty when the whole row is meant.
    pub(crate) column: String,
    /// A stable word for programs.
    #[schema(value_type = String)]
    pub(crate) code: Cow<'static, str>,
    /// A sentence for people.
    pub(crate) message: String,
}

impl RowError {
    pub(crate) fn new(
        row: i32,
        column: impl Into<String>,
        code: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self {
            row,
            column: column.into(),
            code: Cow::Borrowed(code),
            message: message.into(),
        }
    }
}

/// The errors of one row in the words of the file that is downloaded, mended and sent again.
pub(crate) fn sentence(errors: &[RowError], row: i32) -> String {
    let of_row = errors.iter().filter(|error| error.row == row);
    let words: Vec<String> = of_row
        .map(|error| match error.column.as_str() {
            "" => format!("{} [{}]", error.message, error.code),
            column => format!("{column}: {} [{}]", error.message, error.code),
        })
        .collect();
    words.join("; ")
}

#[cfg(test)]
mod tests;
