//! product: `POST /internal/variants/lookup`.

use std::collections::BTreeMap;

use primitives::{CategoryId, Money, ProductId, Sku, Timestamp, UserId, VariantId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Asks for variants by id, and for all variants of products. What is not known is absent from the answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LookupRequest {
    /// Variants by id; at most 1,000.
    pub variant_ids: Vec<VariantId>,
    /// Products whose variants are all wanted; at most 100.
    pub product_ids: Vec<ProductId>,
}

/// The variants found.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct LookupResponse {
    /// Sorted by variant id.
    pub variants: Vec<VariantSnapshot>,
}

/// What a buyer needs to know of a variant, at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VariantSnapshot {
    /// The variant.
    pub variant_id: VariantId,
    /// Its product.
    pub product_id: ProductId,
    /// Who sells it.
    pub seller_id: UserId,
    /// Its SKU.
    pub sku: Sku,
    /// The product's title.
    pub title: String,
    /// The product's slug.
    pub slug: String,
    /// What tells it from its siblings, such as size M.
    pub options: BTreeMap<String, String>,
    /// Price of one unit.
    pub price: Money,
    /// Units that can be had now.
    pub available: i32,
    /// Whether the product is public.
    pub active: bool,
    /// Selects the tax rate: `standard`, `reduced` or `zero`.
    pub tax_class: String,
    /// Of one unit with its packing, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight_grams: Option<i32>,
    /// The product's category and all above it; sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub category_ids: Vec<CategoryId>,
    /// Whether and how it can be bought now.
    #[serde(default)]
    pub availability: Availability,
    /// When goods are expected; only while it is sold before it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub available_on: Option<Timestamp>,
}

/// Whether and how a variant can be bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Availability {
    /// It lies there.
    #[default]
    InStock,
    /// Nothing is left, but more will come: it is sold and delivered later.
    Backorder,
    /// It is sold before the day on which it is there.
    Preorder,
    /// It cannot be bought now.
    OutOfStock,
}
