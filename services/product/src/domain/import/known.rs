//! Products as the shop has them, with all that a file can say of them.

use std::collections::BTreeMap;

use primitives::{CategoryId, Currency, ProductId, Sku, UserId, VariantId};

use crate::domain::attributes::AttributeValue;
use crate::domain::status::Life;
use crate::domain::text::TaxClass;

/// A product as the shop has it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Known {
    pub(crate) id: ProductId,
    pub(crate) version: i32,
    pub(crate) seller_id: UserId,
    pub(crate) slug: String,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) life: Life,
    /// With its slug.
    pub(crate) category: Option<(CategoryId, String)>,
    pub(crate) tax_class: TaxClass,
    pub(crate) seo_title: Option<String>,
    pub(crate) seo_description: Option<String>,
    pub(crate) currency: Currency,
    pub(crate) option_names: Vec<String>,
    pub(crate) attributes: BTreeMap<String, AttributeValue>,
    /// Addresses of its pictures.
    pub(crate) images: Vec<String>,
    pub(crate) variants: Vec<KnownVariant>,
}

/// A variant as the shop has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KnownVariant {
    pub(crate) id: VariantId,
    pub(crate) sku: Sku,
    pub(crate) price: i64,
    pub(crate) compare_at_price: Option<i64>,
    /// On hand.
    pub(crate) stock: i32,
    pub(crate) barcode: Option<String>,
    pub(crate) weight_grams: Option<i32>,
    /// Length, width and height.
    pub(crate) millimetres: Option<[i32; 3]>,
    pub(crate) options: BTreeMap<String, String>,
}
