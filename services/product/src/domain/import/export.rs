//! Products as rows of a file.

use super::cells::{decimal, guarded};
use super::columns::{ATTRIBUTE, MERCATO};
use super::known::{Known, KnownVariant};
use super::{Format, html};
use crate::domain::attributes::AttributeValue;
use crate::domain::status::Status;
use crate::domain::text::TaxClass;

/// Which columns a file needs besides those that all files have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) format: Format,
    /// Whether products of several sellers are in it.
    pub(crate) sellers: bool,
    /// Keys in order.
    pub(crate) attributes: Vec<String>,
    /// The most options that a product has.
    pub(crate) options: usize,
}

const SHOPIFY_BEFORE: [&str; 8] = [
    "Handle",
    "Title",
    "Body (HTML)",
    "Vendor",
    "Product Category",
    "Type",
    "Tags",
    "Published",
];
const SHOPIFY_AFTER: [&str; 22] = [
    "Variant SKU",
    "Variant Grams",
    "Variant Inventory Tracker",
    "Variant Inventory Qty",
    "Variant Inventory Policy",
    "Variant Fulfillment Service",
    "Variant Price",
    "Variant Compare At Price",
    "Variant Requires Shipping",
    "Variant Taxable",
    "Variant Barcode",
    "Image Src",
    "Image Position",
    "Image Alt Text",
    "Gift Card",
    "SEO Title",
    "SEO Description",
    "Variant Image",
    "Variant Weight Unit",
    "Variant Tax Code",
    "Cost per item",
    "Status",
];
/// Shopify's files always have so many.
const SHOPIFY_OPTIONS: usize = 3;

impl Layout {
    /// The header.
    pub(crate) fn header(&self) -> Vec<String> {
        match self.format {
            Format::Mercato => {
                let names = || MERCATO.iter().map(|(name, _)| *name);
                let of_product = names()
                    .take_while(|name| *name != "sku")
                    .filter(|name| self.sellers || *name != "seller");
                let mut header: Vec<String> = of_product.map(str::to_owned).collect();
                header.extend(
                    self.attributes
                        .iter()
                        .map(|key| format!("{ATTRIBUTE}{key}")),
                );
                header.extend((1..=self.options).flat_map(|number| {
                    [
                        format!("option{number}_name"),
                        format!("option{number}_value"),
                    ]
                }));
                header.extend(names().skip_while(|name| *name != "sku").map(str::to_owned));
                header
            }
            Format::Shopify => {
                let mut header: Vec<String> = SHOPIFY_BEFORE.map(str::to_owned).to_vec();
                let options = 1..=self.options.max(SHOPIFY_OPTIONS);
                header.extend(options.flat_map(|number| {
                    [
                        format!("Option{number} Name"),
                        format!("Option{number} Value"),
                    ]
                }));
                header.extend(SHOPIFY_AFTER.map(str::to_owned));
                header
            }
        }
    }

    /// A product's rows. Its own columns are in the first of them.
    pub(crate) fn rows(&self, product: &Known) -> Vec<Vec<String>> {
        match self.format {
            Format::Mercato => {
                let rows = (0..).zip(&product.variants);
                rows.map(|(number, variant)| self.mercato(product, variant, number == 0))
                    .collect()
            }
            Format::Shopify => {
                let rows = product.variants.len().max(product.images.len());
                (0..rows)
                    .map(|number| self.shopify(product, number))
                    .collect()
            }
        }
    }

    fn mercato(&self, product: &Known, variant: &KnownVariant, first: bool) -> Vec<String> {
        let text = |text: &str| if first { guarded(text) } else { String::new() };
        let optional = |value: Option<&str>| text(value.unwrap_or_default());
        let money = |amount: i64| decimal(amount, product.currency);
        let schedule = product.life.schedule;
        let moment = |moment: Option<primitives::Timestamp>| {
            optional(moment.map(|moment| moment.to_string()).as_deref())
        };
        let mut row = vec![guarded(&product.slug)];
        if self.sellers {
            row.push(text(&product.seller_id.to_string()));
        }
        row.extend([
            text(&product.title),
            text(&product.description),
            text(status(product)),
            optional(product.category.as_ref().map(|(_, slug)| slug.as_str())),
            text(product.tax_class.as_str()),
            optional(product.seo_title.as_deref()),
            optional(product.seo_description.as_deref()),
            moment(schedule.publish_at),
            moment(schedule.unpublish_at),
            text(product.currency.code()),
            text(&product.images.join(" ")),
        ]);
        row.extend(
            self.attributes
                .iter()
                .map(|key| optional(product.attributes.get(key).map(written).as_deref())),
        );
        for number in 0..self.options {
            let name = product.option_names.get(number);
            row.push(optional(name.map(String::as_str)));
            row.push(guarded(
                name.and_then(|name| variant.options.get(name))
                    .map_or("", String::as_str),
            ));
        }
        let side = |place: usize| number(variant.millimetres.map(|sides| sides[place]));
        row.extend([
            guarded(variant.sku.as_str()),
            money(variant.price),
            variant.compare_at_price.map(money).unwrap_or_default(),
            variant.stock.to_string(),
            guarded(variant.barcode.as_deref().unwrap_or_default()),
            number(variant.weight_grams),
            side(0),
            side(1),
            side(2),
        ]);
        row
    }

    fn shopify(&self, product: &Known, place: usize) -> Vec<String> {
        let (first, variant) = (place == 0, product.variants.get(place));
        let text = |text: &str| if first { guarded(text) } else { String::new() };
        let said = |key: &str| text(&product.attributes.get(key).map(written).unwrap_or_default());
        let of_variant =
            |value: &dyn Fn(&KnownVariant) -> String| variant.map(value).unwrap_or_default();
        let fixed = |value: &str| of_variant(&|_| value.to_owned());
        let money = |amount: i64| decimal(amount, product.currency);
        let active = status(product) == "active";
        let mut row = vec![
            guarded(&product.slug),
            text(&product.title),
            text(&html::from_text(&product.description)),
            said("vendor"),
            text(product.category.as_ref().map_or("", |(_, slug)| slug)),
            said("type"),
            said("tags"),
            text(if active { "TRUE" } else { "FALSE" }),
        ];
        for number in 0..self.options.max(SHOPIFY_OPTIONS) {
            // What Shopify calls the option of a product that has none.
            let nothing = (number == 0 && product.option_names.is_empty())
                .then_some(("Title", "Default Title"));
            let name = product.option_names.get(number).map(String::as_str);
            row.push(text(
                name.or(nothing.map(|(name, _)| name)).unwrap_or_default(),
            ));
            row.push(of_variant(&|variant| {
                let value = name
                    .and_then(|name| variant.options.get(name))
                    .map(String::as_str);
                guarded(
                    value
                        .or(nothing.map(|(_, value)| value))
                        .unwrap_or_default(),
                )
            }));
        }
        let image = product.images.get(place);
        row.extend([
            of_variant(&|variant| guarded(variant.sku.as_str())),
            of_variant(&|variant| number(variant.weight_grams)),
            fixed("shopify"),
            of_variant(&|variant| variant.stock.to_string()),
            fixed("deny"),
            fixed("manual"),
            of_variant(&|variant| money(variant.price)),
            of_variant(&|variant| variant.compare_at_price.map(money).unwrap_or_default()),
            fixed("TRUE"),
            fixed(if product.tax_class == TaxClass::Zero {
                "FALSE"
            } else {
                "TRUE"
            }),
            of_variant(&|variant| guarded(variant.barcode.as_deref().unwrap_or_default())),
            image.cloned().unwrap_or_default(),
            image.map(|_| (place + 1).to_string()).unwrap_or_default(),
            String::new(),
            text("FALSE"),
            text(product.seo_title.as_deref().unwrap_or_default()),
            text(product.seo_description.as_deref().unwrap_or_default()),
            String::new(),
            fixed("g"),
            String::new(),
            String::new(),
            text(if active { "active" } else { "draft" }),
        ]);
        row
    }
}

/// What staff approved is active: it is public in its time.
fn status(product: &Known) -> &'static str {
    if product.life.approved {
        Status::Active.as_str()
    } else {
        product.life.status.as_str()
    }
}

fn written(value: &AttributeValue) -> String {
    match value {
        AttributeValue::Text(text) => text.clone(),
        AttributeValue::Number(number) => number.to_string(),
        AttributeValue::Boolean(truth) => truth.to_string(),
    }
}

fn number(number: Option<i32>) -> String {
    number.map(|number| number.to_string()).unwrap_or_default()
}
