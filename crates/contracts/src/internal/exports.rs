//! order and product: `GET /internal/users/{id}/export`, in that user's name.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// A part of what a service knows of a user.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ExportPage {
    /// Entries by section, such as `orders`. The entries of a section follow those of the page before.
    #[schema(value_type = Object)]
    pub sections: BTreeMap<String, Vec<Value>>,
    /// Where the next page begins; null on the last one.
    pub next_cursor: Option<String>,
}
