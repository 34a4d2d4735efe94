//! What a client says of a product: simple (`price`, `sku`, `stock`), or with `options` and `variants` instead.

use std::collections::BTreeMap;

use http_kit::{Error, Result, one_field};
use primitives::{CategoryId, Money, Sku, Timestamp};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::domain::attributes::Attributes;
use crate::domain::product::{self, Details, RawOffer, RawVariant};
use crate::domain::slug;
use crate::domain::status::Schedule;
use crate::domain::text::{
    Barcode, Description, Grams, Millimetres, Name, Price, SeoDescription, SeoTitle, TaxClass,
    Title, Units, Value,
};
use crate::error::invalid;
use crate::workflows::products::Spec;

/// A new product.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateProduct {
    title: Title,
    /// Made from the title unless told.
    slug: Option<String>,
    description: Description,
    category_id: Option<CategoryId>,
    /// Of a simple product.
    #[schema(value_type = Option<Money>)]
    price: Option<Price>,
    /// Of a simple product: what it cost before, or what others ask. Higher than `price`.
    #[schema(value_type = Option<Money>)]
    compare_at_price: Option<Price>,
    /// Of a simple product.
    sku: Option<Sku>,
    /// Units on hand of a simple product; 0 unless told.
    stock: Option<Units>,
    /// Of a simple product.
    barcode: Option<Barcode>,
    /// Of a simple product.
    weight_grams: Option<Grams>,
    /// Of a simple product, packed.
    dimensions: Option<DimensionsBody>,
    /// Typed as the category says; others are free.
    attributes: Option<Attributes>,
    /// What tells the variants apart, such as `["size"]`.
    options: Option<Vec<Name>>,
    /// Instead of `price`, `sku` and `stock`.
    variants: Option<Vec<VariantBody>>,
    tax_class: Option<TaxClass>,
    /// For search engines.
    seo: Option<SeoBody>,
    /// Public from then on, once approved; at once unless told.
    publish_at: Option<Timestamp>,
    /// Public until then; for ever unless told.
    unpublish_at: Option<Timestamp>,
    /// `active` is for admins; `draft` unless told.
    pub(crate) status: Option<FirstStatus>,
}

/// The status that a product begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FirstStatus {
    Draft,
    /// Approved: public, or waiting for `publish_at`.
    Active,
}

/// All that a product shall be from now on. A variant is known again by its SKU; those that are not named any more are no
/// longer sold.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateProduct {
    title: Title,
    /// Unless told it stays, or is made from the title if that is another one.
    slug: Option<String>,
    description: Description,
    /// Without it the product is in no category.
    category_id: Option<CategoryId>,
    /// Of a simple product.
    #[schema(value_type = Option<Money>)]
    price: Option<Price>,
    /// Of a simple product: what it cost before, or what others ask. Higher than `price`.
    #[schema(value_type = Option<Money>)]
    compare_at_price: Option<Price>,
    /// Of a simple product.
    sku: Option<Sku>,
    /// Units on hand of a simple product; as they are unless told.
    stock: Option<Units>,
    /// Of a simple product.
    barcode: Option<Barcode>,
    /// Of a simple product.
    weight_grams: Option<Grams>,
    /// Of a simple product, packed.
    dimensions: Option<DimensionsBody>,
    /// Typed as the category says; others are free.
    attributes: Option<Attributes>,
    /// What tells the variants apart, such as `["size"]`.
    options: Option<Vec<Name>>,
    /// Instead of `price`, `sku` and `stock`.
    variants: Option<Vec<VariantBody>>,
    /// As it is unless told.
    tax_class: Option<TaxClass>,
    /// For search engines.
    seo: Option<SeoBody>,
    /// Public from then on, once approved; at once unless told.
    publish_at: Option<Timestamp>,
    /// Public until then; for ever unless told.
    unpublish_at: Option<Timestamp>,
}

/// A variant.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = VariantInput)]
pub(crate) struct VariantBody {
    sku: Sku,
    #[schema(value_type = Money)]
    price: Price,
    /// What it cost before, or what others ask. Higher than `price`.
    #[schema(value_type = Option<Money>)]
    compare_at_price: Option<Price>,
    /// Units on hand.
    stock: Option<Units>,
    barcode: Option<Barcode>,
    weight_grams: Option<Grams>,
    /// Packed.
    dimensions: Option<DimensionsBody>,
    /// A value for each of the product's options.
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    options: Option<BTreeMap<Name, Value>>,
}

/// How large a thing is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DimensionsInput)]
pub(crate) struct DimensionsBody {
    length_mm: Millimetres,
    width_mm: Millimetres,
    height_mm: Millimetres,
}

/// What search engines show.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SeoInput)]
pub(crate) struct SeoBody {
    title: Option<SeoTitle>,
    description: Option<SeoDescription>,
}

impl CreateProduct {
    pub(crate) fn check(self) -> Result<Spec> {
        let details = details(
            self.compare_at_price,
            self.barcode,
            self.weight_grams,
            self.dimensions,
        );
        let raw = RawOffer {
            price: self.price,
            sku: self.sku,
            stock: self.stock,
            details,
            options: self.options,
            variants: self.variants.map(variants),
        };
        let mut spec = Unchecked {
            slug: self.slug,
            title: self.title,
            description: self.description,
            category_id: self.category_id,
            tax_class: self.tax_class,
            attributes: self.attributes,
            seo: self.seo,
            publish_at: self.publish_at,
            unpublish_at: self.unpublish_at,
            raw,
        }
        .check()?;
        for variant in &mut spec.offer.variants {
            variant.stock = variant.stock.or(Some(Units::ZERO));
        }
        Ok(spec)
    }
}

impl UpdateProduct {
    pub(crate) fn check(self) -> Result<Spec> {
        let details = details(
            self.compare_at_price,
            self.barcode,
            self.weight_grams,
            self.dimensions,
        );
        let raw = RawOffer {
            price: self.price,
            sku: self.sku,
            stock: self.stock,
            details,
            options: self.options,
            variants: self.variants.map(variants),
        };
        Unchecked {
            slug: self.slug,
            title: self.title,
            description: self.description,
            category_id: self.category_id,
            tax_class: self.tax_class,
            attributes: self.attributes,
            seo: self.seo,
            publish_at: self.publish_at,
            unpublish_at: self.unpublish_at,
            raw,
        }
        .check()
    }
}

/// What both bodies have in common.
struct Unchecked {
    slug: Option<String>,
    title: Title,
    description: Description,
    category_id: Option<CategoryId>,
    tax_class: Option<TaxClass>,
    attributes: Option<Attributes>,
    seo: Option<SeoBody>,
    publish_at: Option<Timestamp>,
    unpublish_at: Option<Timestamp>,
    raw: RawOffer,
}

impl Unchecked {
    fn check(self) -> Result<Spec> {
        let offer = product::check(self.raw).map_err(invalid)?;
        if self.slug.as_deref().is_some_and(|own| !slug::is_valid(own)) {
            return Err(invalid_slug());
        }
        let schedule = Schedule {
            publish_at: self.publish_at,
            unpublish_at: self.unpublish_at,
        };
        if !schedule.is_possible() {
            return Err(one_field(
                "unpublish_at",
                "not_after_publish_at",
                "must be after publish_at",
            ));
        }
        let seo = self.seo.unwrap_or_default();
        Ok(Spec {
            slug: self.slug,
            title: self.title,
            description: self.description,
            category_id: self.category_id,
            tax_class: self.tax_class,
            attributes: self.attributes.unwrap_or_default(),
            seo_title: seo.title,
            seo_description: seo.description,
            schedule,
            offer,
        })
    }
}

/// A slug of a client's own that is none, or that a route has.
pub(crate) fn invalid_slug() -> Error {
    one_field(
        "slug",
        "invalid",
        "must be lower-case letters and digits with single hyphens between, and no reserved word",
    )
}

fn details(
    compare_at_price: Option<Price>,
    barcode: Option<Barcode>,
    weight: Option<Grams>,
    dimensions: Option<DimensionsBody>,
) -> Details {
    Details {
        compare_at_price,
        barcode,
        weight,
        dimensions: dimensions.map(|body| product::Dimensions {
            length: body.length_mm,
            width: body.width_mm,
            height: body.height_mm,
        }),
    }
}

fn variants(bodies: Vec<VariantBody>) -> Vec<RawVariant> {
    let raw = |body: VariantBody| RawVariant {
        sku: body.sku,
        price: body.price,
        stock: body.stock,
        options: body.options,
        details: details(
            body.compare_at_price,
            body.barcode,
            body.weight_grams,
            body.dimensions,
        ),
    };
    bodies.into_iter().map(raw).collect()
}
