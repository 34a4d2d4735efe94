//! The fields of the editor: from a product, or as somebody sent them, so that what is wrong can be mended where it stands.

use std::collections::{BTreeMap, BTreeSet};

use primitives::{Currency, Money, Timestamp};
use serde_json::{Map, Number, Value, json};

use super::draft::{Draft, Reference, Seo, Variant};
use crate::input::amount;
use crate::read::products::detail::{Definition, Head, VariantRow};

/// Names and values of a form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::pages) struct Fields(BTreeMap<String, String>);

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) field: String,
    pub(super) message: String,
}

/// The terms on which a variant is sold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Terms {
    pub(super) sku: String,
    pub(super) threshold: i32,
    pub(super) backorder: bool,
    pub(super) available_on: Option<Timestamp>,
}

impl Fields {
    pub(in crate::pages) fn sent(pairs: Vec<(String, String)>) -> Self {
        Self(pairs.into_iter().collect())
    }

    /// As a product has them, with some of its variants by their places.
    pub(super) fn of<'a>(
        head: &Head,
        variants: impl Iterator<Item = (usize, &'a VariantRow)>,
        definitions: &[Definition],
    ) -> Self {
        let mut fields = Self::default();
        fields.set("title", &head.title);
        fields.set("slug", &head.slug);
        fields.set("description", &head.description);
        fields.set(
            "category",
            head.category_id
                .map(|id| id.to_string())
                .unwrap_or_default(),
        );
        fields.set("tax_class", &head.tax_class);
        fields.set("currency", &head.currency);
        fields.set("seo_title", head.seo_title.as_deref().unwrap_or_default());
        fields.set(
            "seo_description",
            head.seo_description.as_deref().unwrap_or_default(),
        );
        fields.set(
            "publish_at",
            head.publish_at.map(minute).unwrap_or_default(),
        );
        fields.set(
            "unpublish_at",
            head.unpublish_at.map(minute).unwrap_or_default(),
        );
        fields.set("version", head.version.to_string());
        fields.set("options", head.option_names.join(", "));
        let mut free = Vec::new();
        for (name, value) in &head.attributes.0 {
            let text = said(value);
            if definitions.iter().any(|definition| definition.key == *name) {
                fields.set(format!("attr.{name}"), text);
            } else {
                free.push(format!("{name}: {text}"));
            }
        }
        fields.set("free", free.join("\n"));
        for (index, variant) in variants {
            fields.set_variant(index, variant);
        }
        fields
    }

    fn set_variant(&mut self, index: usize, variant: &VariantRow) {
        let mut set = |name: &str, value: String| self.set(format!("v{index}.{name}"), value);
        set("known", "yes".to_owned());
        set("sku", variant.sku.clone());
        set("price", variant.amount());
        set("compared", variant.compared_amount());
        set(
            "weight",
            variant
                .weight_grams
                .map(|grams| grams.to_string())
                .unwrap_or_default(),
        );
        set("barcode", variant.barcode.clone().unwrap_or_default());
        set("threshold", variant.threshold.to_string());
        set(
            "backorder",
            if variant.backorder { "yes" } else { "no" }.to_owned(),
        );
        set(
            "available_on",
            variant.available_on.map(minute).unwrap_or_default(),
        );
        for (name, value) in &variant.options {
            set(&format!("option.{name}"), value.clone());
        }
    }

    pub(super) fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.insert(name.into(), value.into());
    }

    pub(in crate::pages) fn value(&self, name: &str) -> &str {
        self.0.get(name).map_or("", |value| value.trim())
    }

    pub(super) fn attribute(&self, key: &str) -> &str {
        self.value(&format!("attr.{key}"))
    }

    pub(in crate::pages) fn cell(&self, row: &usize, name: &str) -> &str {
        self.value(&format!("v{row}.{name}"))
    }

    pub(super) fn option(&self, row: &usize, name: &str) -> &str {
        self.value(&format!("v{row}.option.{name}"))
    }

    /// What tells the variants apart.
    pub(super) fn options(&self) -> Vec<String> {
        let names = self.value("options").split(',').map(str::trim);
        let mut found: Vec<String> = Vec::new();
        for name in names.chain([self.value("new_option")]) {
            if !name.is_empty() && !found.iter().any(|known| known == name) {
                found.push(name.to_owned());
            }
        }
        found
    }

    /// The rows of variants that are there.
    pub(in crate::pages) fn rows(&self) -> BTreeSet<usize> {
        let number = |name: &String| name.strip_prefix('v')?.split_once('.')?.0.parse().ok();
        self.0.keys().filter_map(number).collect()
    }

    /// What a row has besides the columns of the table, in a line.
    pub(super) fn rest(&self, row: &usize) -> String {
        let cell = |name: &str| Some(self.cell(row, name)).filter(|text| !text.is_empty());
        let said = [
            cell("weight").map(|grams| format!("{grams} g")),
            cell("barcode").map(str::to_owned),
            (self.cell(row, "backorder") == "yes").then(|| "sold when nothing is left".to_owned()),
            cell("available_on").map(|day| format!("pre-order until {}", day.replace('T', " "))),
        ];
        let said: Vec<String> = said.into_iter().flatten().collect();
        if said.is_empty() {
            "Weight, barcode, backorder, pre-order".to_owned()
        } else {
            said.join(", ")
        }
    }

    /// The product as they say it, or all that is wrong. What the form does not show stays as it was: other variants, dimensions, the types of attributes.
    pub(super) fn draft(
        &self,
        definitions: &[Definition],
        before: Option<&Draft>,
    ) -> Result<Draft, Vec<Wrong>> {
        let mut wrong = Vec::new();
        let currency: Currency = self.value("currency").parse().unwrap_or(Currency::EUR);
        let options = self.options();
        let (mut variants, mut shown) = (Vec::new(), BTreeSet::new());
        for row in self.rows() {
            if self.cell(&row, "known") == "yes" {
                shown.insert(self.cell(&row, "sku"));
            }
            if self.cell(&row, "sku").is_empty() || self.cell(&row, "remove") == "yes" {
                continue;
            }
            match self.variant(row, currency, &options) {
                Ok(variant) => variants.push(variant),
                Err(mut found) => wrong.append(&mut found),
            }
        }
        let before_variants = before.map_or(&[][..], |before| &before.variants);
        let variants = self.with_others(variants, &shown, before_variants);
        if variants.is_empty() && wrong.is_empty() {
            wrong.push(Wrong::new(
                "v0.sku",
                "A product needs at least one SKU with a price.",
            ));
        }
        let publish_at = self.time("publish_at", &mut wrong);
        let unpublish_at = self.time("unpublish_at", &mut wrong);
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let text = |name: &str| Some(self.value(name).to_owned()).filter(|text| !text.is_empty());
        Ok(Draft {
            title: self.value("title").to_owned(),
            slug: self.value("slug").to_owned(),
            description: self.value("description").to_owned(),
            category: self
                .value("category")
                .parse()
                .ok()
                .map(|id| Reference { id }),
            attributes: self.attributes(definitions, before.map(|before| &before.attributes)),
            options,
            variants,
            tax_class: self.value("tax_class").to_owned(),
            seo: Seo {
                title: text("seo_title"),
                description: text("seo_description"),
            },
            publish_at,
            unpublish_at,
            version: self.value("version").parse().unwrap_or_default(),
        })
    }

    /// The variants that were sent among those that were not shown, in the order that they had; new ones last.
    fn with_others(
        &self,
        mut sent: Vec<Variant>,
        shown: &BTreeSet<&str>,
        before: &[Variant],
    ) -> Vec<Variant> {
        let mut all = Vec::new();
        for known in before {
            let place = sent.iter().position(|variant| variant.sku == known.sku);
            if let Some(place) = place {
                let mut variant = sent.remove(place);
                variant.dimensions.clone_from(&known.dimensions);
                all.push(variant);
            } else if !shown.contains(known.sku.as_str()) {
                let mut other = known.clone();
                let option = self.value("new_option");
                if !option.is_empty() {
                    let value = self.value("new_option_others").to_owned();
                    other.options.insert(option.to_owned(), value);
                }
                all.push(other);
            }
        }
        all.append(&mut sent);
        all
    }

    fn variant(
        &self,
        row: usize,
        currency: Currency,
        options: &[String],
    ) -> Result<Variant, Vec<Wrong>> {
        let mut wrong = Vec::new();
        let at = |name: &str| format!("v{row}.{name}");
        let sku = self.cell(&row, "sku").parse().map_err(|_| {
            wrong.push(Wrong::new(at("sku"), "This is no SKU."));
        });
        let mut money = |name: &str| -> Option<Money> {
            let text = self.cell(&row, name);
            let found = amount(text, currency);
            if found.is_none() && !text.is_empty() {
                wrong.push(Wrong::new(at(name), "This must be a number such as 12.50."));
            }
            found
        };
        let (price, compare_at_price) = (money("price"), money("compared"));
        if price.is_none() && wrong.is_empty() {
            wrong.push(Wrong::new(at("price"), "A price is missing."));
        }
        let weight_grams = self.number(&at("weight"), &mut wrong);
        let stock = self.number(&at("stock"), &mut wrong);
        let options = options.iter().enumerate().map(|(place, name)| {
            let known = self.option(&row, name);
            let new = place + 1 == options.len() && known.is_empty();
            let value = if new {
                self.cell(&row, "new_option")
            } else {
                known
            };
            (name.clone(), value.to_owned())
        });
        let options = options.collect();
        match (sku, price) {
            (Ok(sku), Some(price)) if wrong.is_empty() => Ok(Variant {
                id: None,
                sku,
                price,
                compare_at_price,
                options,
                barcode: Some(self.cell(&row, "barcode").to_owned())
                    .filter(|text| !text.is_empty()),
                weight_grams,
                dimensions: None,
                stock,
            }),
            _ => Err(wrong),
        }
    }

    /// The terms of the variants that were there before.
    pub(super) fn terms(&self) -> Result<Vec<Terms>, Vec<Wrong>> {
        let (mut terms, mut wrong) = (Vec::new(), Vec::new());
        for row in self.rows() {
            if self.cell(&row, "known") != "yes" || self.cell(&row, "remove") == "yes" {
                continue;
            }
            let threshold = self.number(&format!("v{row}.threshold"), &mut wrong);
            terms.push(Terms {
                sku: self.cell(&row, "sku").to_owned(),
                threshold: threshold.unwrap_or(0),
                backorder: self.cell(&row, "backorder") == "yes",
                available_on: self.time(&format!("v{row}.available_on"), &mut wrong),
            });
        }
        if wrong.is_empty() {
            Ok(terms)
        } else {
            Err(wrong)
        }
    }

    fn number(&self, name: &str, wrong: &mut Vec<Wrong>) -> Option<i32> {
        let text = self.value(name);
        let number = text.parse().ok().filter(|number| *number >= 0);
        if number.is_none() && !text.is_empty() {
            wrong.push(Wrong::new(name, "This must be a whole number."));
        }
        number
    }

    fn time(&self, name: &str, wrong: &mut Vec<Wrong>) -> Option<Timestamp> {
        let text = self.value(name);
        let found = parse_minute(text);
        if found.is_none() && !text.is_empty() {
            wrong.push(Wrong::new(name, "This must be a date and a time."));
        }
        found
    }

    fn attributes(
        &self,
        definitions: &[Definition],
        before: Option<&BTreeMap<String, Value>>,
    ) -> BTreeMap<String, Value> {
        let mut found = BTreeMap::new();
        for definition in definitions {
            let text = self.attribute(&definition.key);
            if !text.is_empty() {
                found.insert(definition.key.clone(), typed(&definition.kind, text));
            }
        }
        for line in self.value("free").lines() {
            if let Some((name, text)) = line.split_once(':') {
                let (name, text) = (name.trim(), text.trim());
                if !name.is_empty() && !text.is_empty() {
                    let known = before.and_then(|before| before.get(name));
                    let kind = known.map_or("text", kind_of);
                    found.insert(name.to_owned(), typed(kind, text));
                }
            }
        }
        found
    }
}

impl Wrong {
    pub(super) fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            message: message.into(),
        }
    }
}

/// A text as a value of a kind; as it is where it is none, for product to refuse in its own words.
fn typed(kind: &str, text: &str) -> Value {
    match kind {
        "number" => text
            .parse::<Number>()
            .map_or_else(|_| text.into(), Value::Number),
        "boolean" => match text {
            "yes" | "true" => true.into(),
            "no" | "false" => false.into(),
            other => other.into(),
        },
        _ => text.into(),
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Number(_) => "number",
        Value::Bool(_) => "boolean",
        _ => "text",
    }
}

fn said(value: &Value) -> String {
    match value {
        Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// As a field for date and time takes it, in UTC.
pub(super) fn minute(at: Timestamp) -> String {
    at.to_string().chars().take(16).collect()
}

fn parse_minute(text: &str) -> Option<Timestamp> {
    let value = json!(format!("{}:00Z", text.get(..16)?));
    serde_json::from_value(value).ok()
}

/// What product found wrong, by the names of our fields; of a variant, which is one of a list there, by its SKU.
pub(super) fn refused(problem: &Value, draft: &Draft) -> Vec<Wrong> {
    let detail = problem["detail"].as_str().unwrap_or("That cannot be done.");
    let errors = problem["errors"].as_array().map_or(&[][..], Vec::as_slice);
    if errors.is_empty() {
        return vec![Wrong::new("", detail)];
    }
    let empty = Map::new();
    errors
        .iter()
        .map(|error| {
            let error = error.as_object().unwrap_or(&empty);
            let text = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
            Wrong::new(by_sku(text("field"), draft), text("message"))
        })
        .collect()
}

/// `variants[3].price` is `LAMP-BLUE.price`.
fn by_sku(field: &str, draft: &Draft) -> String {
    let place = field.strip_prefix("variants[");
    let place = place.and_then(|rest| rest.split_once(']'));
    let found = place.and_then(|(place, rest)| {
        let variant = draft.variants.get(place.parse::<usize>().ok()?)?;
        Some(format!("{}{rest}", variant.sku))
    });
    found.unwrap_or_else(|| field.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(pairs: &[(&str, &str)]) -> Fields {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Fields::sent(pairs.iter().map(own).collect())
    }

    #[test]
    fn a_simple_product_has_no_list_of_variants() {
        let sent = fields(&[
            ("title", "Lamp"),
            ("currency", "EUR"),
            ("v0.sku", "LAMP"),
            ("v0.price", "12,5"),
            ("v0.weight", "300"),
            ("free", "colour: red\nwatts: 5"),
            ("version", "3"),
            ("publish_at", "2026-11-21T14:05"),
            ("tax_class", "standard"),
        ]);
        let mut before = fields(&[("v0.sku", "LAMP"), ("v0.price", "1")])
            .draft(&[], None)
            .unwrap();
        before.attributes.insert("watts".to_owned(), json!(4));
        let draft = sent.draft(&[], Some(&before)).unwrap();
        assert_eq!(
            draft.body(),
            json!({"title": "Lamp", "description": "", "attributes": {"colour": "red", "watts": 5}, "tax_class": "standard",
                "seo": {"title": null, "description": null}, "publish_at": "2026-11-21T14:05:00Z",
                "sku": "LAMP", "price": {"amount": 1250, "currency": "EUR"}, "weight_grams": 300})
        );
        assert_eq!(draft.version, 3);
    }

    #[test]
    fn a_new_option_is_asked_of_each_variant() {
        let sent = fields(&[
            ("currency", "EUR"),
            ("options", "size"),
            ("new_option", "colour"),
            ("v0.sku", "A"),
            ("v0.price", "1"),
            ("v0.option.size", "M"),
            ("v0.new_option", "red"),
            ("v1.sku", "B"),
            ("v1.price", "2"),
            ("v1.option.size", "L"),
            ("v1.new_option", "blue"),
            ("v1.remove", "no"),
            ("v2.sku", "C"),
            ("v2.price", "2"),
            ("v2.remove", "yes"),
            ("v3.sku", ""),
        ]);
        let draft = sent.draft(&[], None).unwrap();
        assert_eq!(draft.options, ["size", "colour"]);
        let said: Vec<_> = draft
            .variants
            .iter()
            .map(|variant| json!(variant.options))
            .collect();
        assert_eq!(
            said,
            [
                json!({"size": "M", "colour": "red"}),
                json!({"size": "L", "colour": "blue"})
            ]
        );
    }

    #[test]
    fn variants_that_the_form_does_not_show_stay_as_they_were() {
        let all = ["A", "B", "C", "D"].map(|sku| {
            let pairs = [("v0.sku", sku), ("v0.price", "1")];
            fields(&pairs).draft(&[], None).unwrap().variants.remove(0)
        });
        let mut before = fields(&[("v0.sku", "A"), ("v0.price", "1")])
            .draft(&[], None)
            .unwrap();
        before.variants = all.to_vec();
        before.variants[1].dimensions = Some(json!({"height_mm": 3}));
        let sent = fields(&[
            ("currency", "EUR"),
            ("new_option", "colour"),
            ("new_option_others", "grey"),
            ("v1.known", "yes"),
            ("v1.sku", "B"),
            ("v1.price", "2"),
            ("v1.new_option", "red"),
            ("v2.known", "yes"),
            ("v2.sku", "C"),
            ("v2.price", "2"),
            ("v2.remove", "yes"),
            ("v3.sku", "E"),
            ("v3.price", "5"),
            ("v3.new_option", "blue"),
        ]);
        let draft = sent.draft(&[], Some(&before)).unwrap();
        let said: Vec<_> = draft
            .variants
            .iter()
            .map(|variant| (variant.sku.as_str(), variant.options["colour"].as_str()))
            .collect();
        assert_eq!(
            said,
            [("A", "grey"), ("B", "red"), ("D", "grey"), ("E", "blue")]
        );
        assert_eq!(draft.variants[1].dimensions, Some(json!({"height_mm": 3})));
        let problem = json!({"errors": [{"field": "variants[2].price", "message": "No."}]});
        assert_eq!(refused(&problem, &draft), [Wrong::new("D.price", "No.")]);
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once() {
        let sent = fields(&[
            ("v0.sku", "A"),
            ("v0.price", "x"),
            ("v0.weight", "-1"),
            ("v1.sku", "B"),
            ("publish_at", "soon, I hope so"),
        ]);
        let wrong = sent.draft(&[], None).unwrap_err();
        let named: Vec<&str> = wrong.iter().map(|wrong| wrong.field.as_str()).collect();
        assert_eq!(named, ["v0.price", "v0.weight", "v1.price", "publish_at"]);
    }
}
