//! Which lines a promotion or coupon concerns.

use primitives::{CategoryId, ProductId};
use serde::{Deserialize, Serialize};
use sqlx::types::Uuid;

use super::Line;

/// Products, and the products of categories and of all categories below them. Empty: everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Scope {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) product_ids: Vec<ProductId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) category_ids: Vec<CategoryId>,
}

impl Scope {
    pub(crate) fn is_everything(&self) -> bool {
        self.product_ids.is_empty() && self.category_ids.is_empty()
    }

    pub(crate) fn covers(&self, line: &Line) -> bool {
        let of_category = |id| self.category_ids.contains(id);
        self.is_everything()
            || self.product_ids.contains(&line.product_id)
            || line.category_ids.iter().any(of_category)
    }

    /// The products as they are stored.
    pub(crate) fn products(&self) -> Vec<Uuid> {
        self.product_ids.iter().map(|id| id.uuid()).collect()
    }

    /// The categories as they are stored.
    pub(crate) fn categories(&self) -> Vec<Uuid> {
        self.category_ids.iter().map(|id| id.uuid()).collect()
    }

    /// The indices of the lines concerned.
    pub(crate) fn of(&self, lines: &[Line]) -> Vec<usize> {
        (0..lines.len())
            .filter(|index| self.covers(&lines[*index]))
            .collect()
    }
}
