//! What a client says of a product: simple (`price`, `sku`, `stock`), or with `options` and `variants` instead.

use std::collections::BTreeMap;

use http_kit::{Error, FieldErrors, Result};
use primitives::{CategoryId, Money, Sku};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::domain::product::{self, RawOffer, RawVariant};
use crate::domain::text::{Attributes, Description, Name, Price, TaxClass, Title, Units, Value};
use crate::workflows::products::Spec;

/// A new product.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateProduct {
    title: Title,
    description: Description,
    category_id: Option<CategoryId>,
    /// Of a simple product.
    #[schema(value_type = Option<Money>)]
    price: Option<Price>,
    /// Of a simple product.
    sku: Option<Sku>,
    /// Units on hand of a simple product; 0 unless told.
    stock: Option<Units>,
    attributes: Option<Attributes>,
    /// What tells the variants apart, such as `["size"]`.
    options: Option<Vec<Name>>,
    /// Instead of `price`, `sku` and `stock`.
    variants: Option<Vec<VariantBody>>,
    tax_class: Option<TaxClass>,
    /// `active` is for admins; `draft` unless told.
    pub(crate) status: Option<FirstStatus>,
}

/// The status that a product begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FirstStatus {
    Draft,
    Active,
}

/// All that a product shall be from now on. A variant is known again by its SKU; those that are not named any more are no
/// longer sold.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateProduct {
    title: Title,
    description: Description,
    /// Without it the product is in no category.
    category_id: Option<CategoryId>,
    /// Of a simple product.
    #[schema(value_type = Option<Money>)]
    price: Option<Price>,
    /// Of a simple product.
    sku: Option<Sku>,
    /// Units on hand of a simple product; as they are unless told.
    stock: Option<Units>,
    attributes: Option<Attributes>,
    /// What tells the variants apart, such as `["size"]`.
    options: Option<Vec<Name>>,
    /// Instead of `price`, `sku` and `stock`.
    variants: Option<Vec<VariantBody>>,
    /// As it is unless told.
    tax_class: Option<TaxClass>,
}

/// A variant.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = VariantInput)]
pub(crate) struct VariantBody {
    sku: Sku,
    #[schema(value_type = Money)]
    price: Price,
    /// Units on hand.
    stock: Option<Units>,
    /// A value for each of the product's options.
    #[schema(value_type = Option<BTreeMap<String, String>>)]
    options: Option<BTreeMap<Name, Value>>,
}

impl CreateProduct {
    pub(crate) fn check(self) -> Result<Spec> {
        let raw = RawOffer {
            price: self.price,
            sku: self.sku,
            stock: self.stock,
            options: self.options,
            variants: variants(self.variants),
        };
        spec(
            self.title,
            self.description,
            self.category_id,
            self.tax_class,
            self.attributes,
            raw,
            Some(Units::ZERO),
        )
    }
}

impl UpdateProduct {
    pub(crate) fn check(self) -> Result<Spec> {
        let raw = RawOffer {
            price: self.price,
            sku: self.sku,
            stock: self.stock,
            options: self.options,
            variants: variants(self.variants),
        };
        spec(
            self.title,
            self.description,
            self.category_id,
            self.tax_class,
            self.attributes,
            raw,
            None,
        )
    }
}

fn variants(bodies: Option<Vec<VariantBody>>) -> Option<Vec<RawVariant>> {
    let raw = |body: VariantBody| RawVariant {
        sku: body.sku,
        price: body.price,
        stock: body.stock,
        options: body.options,
    };
    bodies.map(|bodies| bodies.into_iter().map(raw).collect())
}

fn spec(
    title: Title,
    description: Description,
    category_id: Option<CategoryId>,
    tax_class: Option<TaxClass>,
    attributes: Option<Attributes>,
    raw: RawOffer,
    default_stock: Option<Units>,
) -> Result<Spec> {
    let mut offer = product::check(raw).map_err(|wrong| {
        let mut errors = FieldErrors::new();
        for wrong in wrong {
            errors.push(wrong.field, wrong.code, wrong.message);
        }
        Error::validation(errors)
    })?;
    for variant in &mut offer.variants {
        variant.stock = variant.stock.or(default_stock);
    }
    Ok(Spec {
        title,
        description,
        category_id,
        tax_class,
        attributes: attributes.unwrap_or_default(),
        offer,
    })
}
