//! `GET` and `PUT /api/categories/{id}/attributes`: what the two have in common.

pub(crate) mod get;
pub(crate) mod set;

use primitives::CategoryId;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::attributes::Kind;
use crate::store::category_attributes::Defined;

/// What holds for the products of a category.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CategoryAttributes {
    /// From the top of the tree downwards, in the order in which a shop shows them.
    data: Vec<Attribute>,
    /// The category's; send it back in `If-Match`.
    version: i32,
}

/// A typed property of products.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CategoryAttribute)]
struct Attribute {
    key: String,
    label: String,
    kind: Kind,
    /// What a number counts.
    #[schema(nullable)]
    unit: Option<String>,
    /// Of kind `choice`.
    choices: Vec<String>,
    /// Every product has it.
    required: bool,
    /// The list can be narrowed by it.
    filterable: bool,
    /// Where it is defined.
    category_id: CategoryId,
    /// Whether that is a category above this one.
    inherited: bool,
}

impl CategoryAttributes {
    fn new(category: CategoryId, version: i32, defined: Vec<Defined>) -> Self {
        let attribute = |defined: Defined| Attribute {
            key: defined.key,
            label: defined.label,
            kind: defined.kind,
            unit: defined.unit,
            choices: defined.choices,
            required: defined.required,
            filterable: defined.filterable,
            category_id: defined.category_id,
            inherited: defined.category_id != category,
        };
        Self {
            data: defined.into_iter().map(attribute).collect(),
            version,
        }
    }
}
