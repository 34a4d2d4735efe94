//! Products as clients see them.

use std::collections::BTreeMap;

use contracts::internal::variants::Availability;
use http_kit::Result;
use primitives::{CategoryId, Currency, Money, ProductId, Sku, Timestamp, UserId, VariantId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::attributes::AttributeValue;
use crate::domain::price::lowest_before_reduction;
use crate::domain::product::{average, price_range};
use crate::domain::search::marking;
use crate::domain::status::Status;
use crate::domain::text::TaxClass;
use crate::http::images::view::Image;
use crate::media::Media;
use crate::store::listing::Item;
use crate::store::products as store;

/// A product.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Product {
    pub(crate) id: ProductId,
    slug: String,
    title: String,
    description: String,
    status: Status,
    /// Why staff refused it; only on rejected products.
    #[serde(skip_serializing_if = "Option::is_none")]
    rejection_reason: Option<String>,
    seller_id: UserId,
    #[schema(nullable)]
    category: Option<Category>,
    price: PriceRange,
    /// Whether any variant can be had.
    in_stock: bool,
    rating: Rating,
    images: Vec<Image>,
    /// What tells the variants apart, in the order in which a shop shows it; empty for a simple product.
    options: Vec<String>,
    variants: Vec<Variant>,
    attributes: BTreeMap<String, AttributeValue>,
    tax_class: TaxClass,
    seo: Seo,
    /// Public from then on, once approved.
    #[schema(nullable)]
    publish_at: Option<Timestamp>,
    /// Public until then.
    #[schema(nullable)]
    unpublish_at: Option<Timestamp>,
    /// Whether staff have approved it; tells a draft that waits for its time from one that waits for its seller.
    approved: bool,
    created_at: Timestamp,
    updated_at: Timestamp,
    /// Grows with each change but sales; send it back in `If-Match`.
    pub(crate) version: i32,
}

/// A product in a list: without its variants.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProductSummary {
    id: ProductId,
    slug: String,
    title: String,
    description: String,
    status: Status,
    /// Why staff refused it; only on rejected products.
    #[serde(skip_serializing_if = "Option::is_none")]
    rejection_reason: Option<String>,
    seller_id: UserId,
    #[schema(nullable)]
    category: Option<Category>,
    price: PriceRange,
    /// What the cheapest variant is said to have cost; only while its price is reduced.
    #[schema(nullable)]
    compare_at_price: Option<Money>,
    /// The lowest price of the 30 days before the reduction that `compare_at_price` announces (Directive 98/6/EC, Art. 6a).
    #[schema(nullable)]
    lowest_price_30_days: Option<Money>,
    /// Whether any variant can be had.
    in_stock: bool,
    rating: Rating,
    images: Vec<Image>,
    attributes: BTreeMap<String, AttributeValue>,
    created_at: Timestamp,
    updated_at: Timestamp,
    version: i32,
    /// Where the words of `q` stand in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    highlight: Option<Highlight>,
}

/// HTML in which the found words stand in `<mark>`; all else is escaped.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Highlight {
    title: String,
    /// The parts of the description around the words.
    description: String,
}

/// The category of a product.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProductCategory)]
struct Category {
    id: CategoryId,
    slug: String,
    name: String,
}

/// From the cheapest variant to the dearest.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PriceRange {
    min: Money,
    max: Money,
}

/// What buyers think.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RatingSummary)]
struct Rating {
    /// 1 to 5, with two decimals; 0 without reviews.
    average: f64,
    count: i32,
}

/// What is stocked and sold.
#[derive(Debug, Serialize, ToSchema)]
struct Variant {
    id: VariantId,
    sku: Sku,
    price: Money,
    /// What it cost before, or what others ask; shown crossed out.
    #[schema(nullable)]
    compare_at_price: Option<Money>,
    /// The lowest price of the 30 days before the reduction that `compare_at_price` announces (Directive 98/6/EC, Art. 6a).
    #[schema(nullable)]
    lowest_price_30_days: Option<Money>,
    options: BTreeMap<String, String>,
    /// Units that can be had now.
    available: i32,
    /// Whether and how it can be bought: what is not in stock may be on backorder or in pre-order.
    availability: Availability,
    /// When it will be there; only of what is sold before its day.
    #[schema(nullable)]
    available_on: Option<Timestamp>,
    #[schema(nullable)]
    barcode: Option<String>,
    #[schema(nullable)]
    weight_grams: Option<i32>,
    #[schema(nullable)]
    dimensions: Option<Dimensions>,
}

/// How large a thing is, packed.
#[derive(Debug, Serialize, ToSchema)]
struct Dimensions {
    length_mm: i32,
    width_mm: i32,
    height_mm: i32,
}

/// What search engines show instead of title and description.
#[derive(Debug, Serialize, ToSchema)]
struct Seo {
    #[schema(nullable)]
    title: Option<String>,
    #[schema(nullable)]
    description: Option<String>,
}

impl Variant {
    fn new(variant: store::Variant, currency: Currency, now: Timestamp) -> Self {
        let (availability, available_on) = variant.availability(now);
        let money = |amount| Money::new(amount, currency);
        let dimensions = match (variant.length_mm, variant.width_mm, variant.height_mm) {
            (Some(length_mm), Some(width_mm), Some(height_mm)) => Some(Dimensions {
                length_mm,
                width_mm,
                height_mm,
            }),
            _ => None,
        };
        Self {
            id: variant.id,
            sku: variant.sku,
            price: money(variant.price),
            compare_at_price: variant.compare_at_price.map(money),
            lowest_price_30_days: lowest_before_reduction(&variant.offered).map(money),
            options: variant.options,
            available: variant.available,
            availability,
            available_on,
            barcode: variant.barcode,
            weight_grams: variant.weight_grams,
            dimensions,
        }
    }
}

impl Product {
    pub(crate) fn new(product: store::Product, media: &Media) -> Result<Self> {
        let currency = currency(&product.currency)?;
        let variants: Vec<Variant> = product
            .variants
            .0
            .into_iter()
            .map(|variant| Variant::new(variant, currency, product.seen_at))
            .collect();
        Ok(Self {
            id: product.id,
            slug: product.slug,
            title: product.title,
            description: product.description,
            status: product.status,
            rejection_reason: product.rejection_reason,
            seller_id: product.seller_id,
            category: product.category.map(|category| Category::new(category.0)),
            price: PriceRange::new(product.price_min, product.price_max, currency),
            in_stock: variants.iter().any(|variant| variant.available > 0),
            rating: Rating::new(product.rating_sum, product.rating_count),
            options: product.option_names,
            images: product
                .images
                .0
                .into_iter()
                .map(|image| Image::new(image, media))
                .collect(),
            variants,
            attributes: product.attributes.0,
            tax_class: product.tax_class,
            seo: Seo {
                title: product.seo_title,
                description: product.seo_description,
            },
            publish_at: product.publish_at,
            unpublish_at: product.unpublish_at,
            approved: product.approved_at.is_some() || product.status == Status::Active,
            created_at: product.created_at,
            updated_at: product.updated_at,
            version: product.version,
        })
    }
}

impl ProductSummary {
    /// With the words marked that it was found by.
    pub(crate) fn marked(mut self, lexemes: &[String]) -> Self {
        self.highlight = Some(Highlight {
            title: marking::title(&self.title, lexemes),
            description: marking::snippet(&self.description, lexemes),
        });
        self
    }

    pub(crate) fn new(item: Item, media: &Media) -> Result<Self> {
        let currency = currency(&item.currency)?;
        let money = |amount| Money::new(amount, currency);
        let reduction = item.reduction.map(|reduction| reduction.0);
        let lowest = reduction
            .as_ref()
            .and_then(|reduction| lowest_before_reduction(&reduction.offered));
        Ok(Self {
            highlight: None,
            compare_at_price: reduction.map(|reduction| money(reduction.compare_at_price)),
            lowest_price_30_days: lowest.map(money),
            id: item.id,
            slug: item.slug,
            title: item.title,
            description: item.description,
            status: item.status,
            rejection_reason: item.rejection_reason,
            seller_id: item.seller_id,
            category: item.category.map(|category| Category::new(category.0)),
            price: PriceRange::new(item.price_min, item.price_max, currency),
            in_stock: item.in_stock,
            rating: Rating::new(item.rating_sum, item.rating_count),
            images: item
                .images
                .0
                .into_iter()
                .map(|image| Image::brief(image, media))
                .collect(),
            attributes: item.attributes.0,
            created_at: item.created_at,
            updated_at: item.updated_at,
            version: item.version,
        })
    }
}

impl Category {
    fn new(category: store::CategoryRef) -> Self {
        Self {
            id: category.id,
            slug: category.slug,
            name: category.name,
        }
    }
}

impl PriceRange {
    /// Of amounts as the row has them.
    pub(crate) fn of(min: i64, max: i64, code: &str) -> Result<Self> {
        Ok(Self::new(min, max, currency(code)?))
    }

    fn new(min: i64, max: i64, currency: Currency) -> Self {
        let (min, max) = price_range(min, max, currency);
        Self { min, max }
    }
}

impl Rating {
    fn new(sum: i64, count: i32) -> Self {
        Self {
            average: average(sum, count),
            count,
        }
    }
}

fn currency(code: &str) -> Result<Currency> {
    code.parse()
        .map_err(|error: primitives::TextError| http_kit::Error::internal(error))
}
