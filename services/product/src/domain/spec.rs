//! What a seller says of a product.

use primitives::CategoryId;

use super::attributes::Attributes;
use super::product::Offer;
use super::status::Schedule;
use super::text::{Description, SeoDescription, SeoTitle, TaxClass, Title};

/// What a seller says of a product, checked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Spec {
    /// None: made from the title.
    pub(crate) slug: Option<String>,
    pub(crate) title: Title,
    pub(crate) description: Description,
    pub(crate) category_id: Option<CategoryId>,
    pub(crate) tax_class: Option<TaxClass>,
    pub(crate) attributes: Attributes,
    pub(crate) seo_title: Option<SeoTitle>,
    pub(crate) seo_description: Option<SeoDescription>,
    pub(crate) schedule: Schedule,
    pub(crate) offer: Offer,
}
