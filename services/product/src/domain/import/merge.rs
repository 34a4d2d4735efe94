//! What is to be done so that a product is what a file says of it.

use std::collections::{BTreeMap, BTreeSet};

use primitives::{CategoryId, Currency, Money, ProductId, Sku, UserId, VariantId};

use super::columns::{ATTRIBUTE, Column, Columns, OPTIONS};
use super::places::Places;
use super::plan::{Patch, VariantPatch};
use super::{Format, RowError, cells};
use crate::domain::attributes::{self, AttributeValue, Attributes, Kind, Rule};
use crate::domain::product::{self, Details, Dimensions, RawOffer, RawVariant};
use crate::domain::slug;
use crate::domain::spec::Spec;
use crate::domain::status::{Life, Schedule, Status, Step};
use crate::domain::text::{Name, Price, TaxClass, Title, Units, Value};

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

/// What decides beside the file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shop<'a> {
    pub(crate) places: &'a Places,
    /// What each category asks of attributes.
    pub(crate) rules: &'a BTreeMap<CategoryId, Vec<Rule>>,
    /// The currency of prices where neither file nor product says one.
    pub(crate) currency: Currency,
    /// Whether whoever imports may make products public.
    pub(crate) may_approve: bool,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Deed {
    /// All is as the file says.
    Nothing,
    Create {
        spec: Box<Spec>,
        /// What follows the draft.
        step: Option<Step>,
    },
    Change {
        /// Unless only stock or status change.
        spec: Option<Box<Spec>>,
        stock: Vec<(VariantId, Units)>,
        step: Option<Step>,
    },
}

/// Compares what a file says with what the shop has. All that is wrong is found at once.
pub(crate) fn merge(
    columns: &Columns,
    patch: &Patch,
    known: Option<&Known>,
    shop: Shop<'_>,
) -> Result<Deed, Vec<RowError>> {
    let mut merging = Merging {
        columns,
        patch,
        known,
        shop,
        errors: Vec::new(),
    };
    let deed = merging.deed();
    match deed {
        Some(deed) if merging.errors.is_empty() => Ok(deed),
        _ => Err(merging.errors),
    }
}

/// The category that decides which rules are needed: the one that the file names, or the one that the product has.
pub(crate) fn category(
    patch: &Patch,
    known: Option<&Known>,
    places: &Places,
) -> Option<CategoryId> {
    let has = known.and_then(|known| known.category.as_ref().map(|(id, _)| *id));
    match patch.said(&Column::Category) {
        Some(said) if said.text.is_empty() => None,
        Some(said) => places.find(&said.text).or(has),
        None => has,
    }
}

struct Merging<'a> {
    columns: &'a Columns,
    patch: &'a Patch,
    known: Option<&'a Known>,
    shop: Shop<'a>,
    errors: Vec<RowError>,
}

impl Merging<'_> {
    fn wrong(&mut self, row: i32, column: &Column, code: &'static str, message: impl Into<String>) {
        self.errors.push(RowError::new(
            row,
            self.columns.heading(column),
            code,
            message,
        ));
    }

    fn deed(&mut self) -> Option<Deed> {
        let before = self.known.map(|known| self.as_it_is(known));
        // Before anything may end it, so that all that is wrong is found.
        let wish = self.wish();
        let spec = self.spec()?;
        let stock = self.stock();
        let changed = before.is_none_or(|before| before.as_ref() != Some(&spec));
        let step = wish.and_then(|wish| self.step(wish, changed));
        Some(match self.known {
            None => Deed::Create {
                spec: Box::new(spec),
                step,
            },
            Some(_) if !changed && stock.is_empty() && step.is_none() => Deed::Nothing,
            Some(_) => Deed::Change {
                spec: changed.then(|| Box::new(spec)),
                stock,
                step,
            },
        })
    }

    /// All that a file can say, as the shop has it; none if it is not as today's rules want it.
    fn as_it_is(&self, known: &Known) -> Option<Spec> {
        let nothing = Patch {
            product: BTreeMap::new(),
            variants: Vec::new(),
            ..self.patch.clone()
        };
        let mut merging = Merging {
            patch: &nothing,
            errors: Vec::new(),
            known: Some(known),
            ..*self
        };
        merging.spec().filter(|_| merging.errors.is_empty())
    }

    fn spec(&mut self) -> Option<Spec> {
        let title = self.title();
        let description = self.text(self.description_column(), |known| {
            Some(known.description.clone())
        });
        let category_id = self.category();
        let attributes = self.attributes(category_id);
        let seo_title = self.optional(&Column::SeoTitle, |known| known.seo_title.clone());
        let seo_description = self.optional(&Column::SeoDescription, |known| {
            known.seo_description.clone()
        });
        let tax_class = self.tax_class();
        let schedule = self.schedule();
        let offer = self.offer();
        Some(Spec {
            slug: self.slug(title.as_ref()),
            title: title?,
            description: description?,
            category_id,
            tax_class: Some(tax_class),
            attributes: attributes?,
            seo_title,
            seo_description,
            schedule,
            offer: offer?,
        })
    }

    /// Where a new product shall live; an old one stays where it is.
    fn slug(&self, title: Option<&Title>) -> Option<String> {
        match (self.known, &self.patch.handle) {
            (Some(known), _) => Some(known.slug.clone()),
            (None, Some(handle)) if slug::is_valid(handle) => Some(handle.clone()),
            (None, Some(handle)) => Some(slug::of(handle, "product")),
            (None, None) => title.map(|title| slug::of(title, "product")),
        }
    }

    fn title(&mut self) -> Option<Title> {
        let said = self
            .patch
            .said(&Column::Title)
            .filter(|said| !said.text.is_empty());
        match (said, self.known) {
            (Some(said), _) => self.checked(said.row, &Column::Title, said.text.clone()),
            (None, Some(known)) => {
                self.checked(self.patch.row, &Column::Title, known.title.clone())
            }
            (None, None) => {
                self.wrong(
                    self.patch.row,
                    &Column::Title,
                    "required",
                    "a new product needs a title",
                );
                None
            }
        }
    }

    fn description_column(&self) -> &'static Column {
        match self.columns.format {
            Format::Mercato => &Column::Description,
            Format::Shopify => &Column::Body,
        }
    }

    /// A text that may be empty.
    fn text<T: TryFrom<String, Error = &'static str>>(
        &mut self,
        column: &Column,
        known: impl Fn(&Known) -> Option<String>,
    ) -> Option<T> {
        let (row, text) = match self.patch.said(column) {
            Some(said) => (said.row, said.text.clone()),
            None => (
                self.patch.row,
                self.known.and_then(known).unwrap_or_default(),
            ),
        };
        self.checked(row, column, text)
    }

    /// A text that may be absent.
    fn optional<T: TryFrom<String, Error = &'static str>>(
        &mut self,
        column: &Column,
        known: impl Fn(&Known) -> Option<String>,
    ) -> Option<T> {
        let (row, text) = match self.patch.said(column) {
            Some(said) => (said.row, Some(said.text.clone())),
            None => (self.patch.row, self.known.and_then(known)),
        };
        self.checked(row, column, text.filter(|text| !text.is_empty())?)
    }

    fn checked<T: TryFrom<F, Error = &'static str>, F>(
        &mut self,
        row: i32,
        column: &Column,
        value: F,
    ) -> Option<T> {
        match T::try_from(value) {
            Ok(value) => Some(value),
            Err(message) => {
                self.wrong(row, column, "invalid", message);
                None
            }
        }
    }

    fn category(&mut self) -> Option<CategoryId> {
        let found = category(self.patch, self.known, self.shop.places);
        // Shopify's names are those of its own taxonomy, which no other shop must have.
        if let Some(said) = self.patch.said(&Column::Category)
            && self.columns.format == Format::Mercato
            && !said.text.is_empty()
            && self.shop.places.find(&said.text).is_none()
        {
            self.wrong(said.row, &Column::Category, "unknown", "is not a category of this shop: neither a slug nor a path such as `clothing/shirts` or `Clothing > Shirts`");
        }
        found
    }

    fn tax_class(&mut self) -> TaxClass {
        let known = self
            .known
            .map_or(TaxClass::Standard, |known| known.tax_class);
        if let Some(said) = self
            .patch
            .said(&Column::TaxClass)
            .filter(|said| !said.text.is_empty())
        {
            return match said.text.as_str() {
                "standard" => TaxClass::Standard,
                "reduced" => TaxClass::Reduced,
                "zero" => TaxClass::Zero,
                _ => {
                    self.wrong(
                        said.row,
                        &Column::TaxClass,
                        "invalid",
                        "must be standard, reduced or zero",
                    );
                    known
                }
            };
        }
        let taxable = self
            .patch
            .variants
            .iter()
            .filter_map(|variant| said(variant, &Column::Taxable).map(|cell| (variant.row, cell)))
            .next();
        match taxable.map(|(row, cell)| (row, cells::truth(cell))) {
            Some((_, Ok(false))) => TaxClass::Zero,
            Some((_, Ok(true))) if known == TaxClass::Zero => TaxClass::Standard,
            Some((row, Err(message))) => {
                self.wrong(row, &Column::Taxable, "invalid", message);
                known
            }
            Some((_, Ok(true))) | None => known,
        }
    }

    fn schedule(&mut self) -> Schedule {
        let known = self
            .known
            .map(|known| known.life.schedule)
            .unwrap_or_default();
        let mut moment = |column: &Column, known| match self.patch.said(column) {
            None => known,
            Some(said) if said.text.is_empty() => None,
            Some(said) => match cells::moment(&said.text) {
                Ok(moment) => Some(moment),
                Err(message) => {
                    self.wrong(said.row, column, "invalid", message);
                    None
                }
            },
        };
        let schedule = Schedule {
            publish_at: moment(&Column::PublishAt, known.publish_at),
            unpublish_at: moment(&Column::UnpublishAt, known.unpublish_at),
        };
        if !schedule.is_possible() {
            self.wrong(
                self.patch.row,
                &Column::UnpublishAt,
                "not_after_publish_at",
                "must be after publish_at",
            );
        }
        schedule
    }

    fn attributes(&mut self, category: Option<CategoryId>) -> Option<Attributes> {
        let rules = category
            .and_then(|id| self.shop.rules.get(&id))
            .map_or(&[][..], Vec::as_slice);
        let known = self
            .known
            .map(|known| known.attributes.clone())
            .unwrap_or_default();
        let mut values = known.clone();
        for (column, said) in &self.patch.product {
            let Column::Attribute(key) = column else {
                continue;
            };
            values.remove(key);
            if said.text.is_empty() {
                continue;
            }
            let kind = rules
                .iter()
                .find(|rule| rule.key == *key)
                .map(|rule| rule.kind);
            match attribute(&said.text, kind, known.get(key)) {
                Ok(value) => drop(values.insert(key.clone(), value)),
                Err(message) => self.wrong(said.row, column, "invalid", message),
            }
        }
        let mut named = BTreeMap::new();
        for (key, value) in values {
            let column = Column::Attribute(key.clone());
            if let Some(name) = self.checked::<Name, _>(self.patch.row, &column, key) {
                named.insert(name, value);
            }
        }
        let attributes = match Attributes::try_from(named) {
            Ok(attributes) => attributes,
            Err(message) => {
                self.errors.push(RowError::new(
                    self.patch.row,
                    "",
                    "too_many_attributes",
                    message,
                ));
                return None;
            }
        };
        for wrong in attributes::check(rules, &attributes) {
            let key = wrong
                .field
                .strip_prefix("attributes.")
                .unwrap_or(&wrong.field);
            let row = self
                .patch
                .said(&Column::Attribute(key.to_owned()))
                .map_or(self.patch.row, |said| said.row);
            self.errors.push(RowError::new(
                row,
                format!("{ATTRIBUTE}{key}"),
                wrong.code,
                wrong.message,
            ));
        }
        Some(attributes)
    }

    fn currency(&mut self) -> Currency {
        let otherwise = self
            .known
            .map_or(self.shop.currency, |known| known.currency);
        match self.patch.said(&Column::Currency) {
            Some(said) if !said.text.is_empty() => {
                said.text.to_ascii_uppercase().parse().unwrap_or_else(
                    |error: primitives::TextError| {
                        self.wrong(said.row, &Column::Currency, "invalid", error.to_string());
                        otherwise
                    },
                )
            }
            _ => otherwise,
        }
    }

    /// What is offered: the variants of the file, and those that the product has besides.
    fn offer(&mut self) -> Option<product::Offer> {
        let (patch, known) = (self.patch, self.known);
        let currency = self.currency();
        let names = self.option_names();
        let old = known.map_or(&[][..], |known| known.variants.as_slice());
        let named: BTreeSet<&Sku> = patch.variants.iter().map(|variant| &variant.sku).collect();
        let mut rows = Vec::new();
        let mut variants = Vec::new();
        // A file that names all of them also says their order.
        let in_order =
            !patch.variants.is_empty() && old.iter().all(|variant| named.contains(&variant.sku));
        if !in_order {
            for variant in old {
                let said = patch.variants.iter().find(|said| said.sku == variant.sku);
                rows.push(said.map_or(patch.row, |said| said.row));
                variants.push(self.variant(said, Some(variant), &names, currency));
            }
        }
        for said in &patch.variants {
            let variant = old.iter().find(|variant| variant.sku == said.sku);
            if in_order || variant.is_none() {
                rows.push(said.row);
                variants.push(self.variant(Some(said), variant, &names, currency));
            }
        }
        let variants: Vec<RawVariant> = variants.into_iter().collect::<Option<_>>()?;
        let names: Vec<Name> = names.into_iter().map(|(_, name)| name).collect();
        if names.is_empty() && variants.len() > 1 {
            self.wrong(
                rows.get(1).copied().unwrap_or(patch.row),
                &Column::OptionName(0),
                "required",
                "several variants are told apart by at least one option",
            );
            return None;
        }
        let raw = match <[RawVariant; 1]>::try_from(variants) {
            Ok([only]) if names.is_empty() => RawOffer {
                price: Some(only.price),
                sku: Some(only.sku),
                stock: only.stock,
                details: only.details,
                options: None,
                variants: None,
            },
            Ok([only]) => RawOffer {
                options: Some(names),
                variants: Some(vec![only]),
                ..RawOffer::default()
            },
            Err(variants) => RawOffer {
                options: Some(names),
                variants: Some(variants),
                ..RawOffer::default()
            },
        };
        match product::check(raw) {
            Ok(offer) => Some(offer),
            Err(list) => {
                for wrong in list {
                    let (row, column) = place_of(&wrong.field, &rows, patch.row);
                    self.wrong(row, &column, wrong.code, wrong.message);
                }
                None
            }
        }
    }

    /// Options with the column in which their values are.
    fn option_names(&mut self) -> Vec<(usize, Name)> {
        let said: Vec<(usize, i32, String)> = match self.patch.option_names() {
            Some(_) => (0..OPTIONS)
                .filter_map(|number| {
                    self.patch
                        .said(&Column::OptionName(number))
                        .map(|said| (number, said.row, said.text.clone()))
                })
                .filter(|(_, _, name)| !name.is_empty())
                .collect(),
            None => Vec::new(),
        };
        // A file in which no row has a name of an option, such as one of prices, does not say that there are none.
        let silent = said.is_empty()
            && !self
                .patch
                .variants
                .iter()
                .any(|variant| (0..OPTIONS).any(|number| said_option(variant, number)));
        let names = match self.known {
            Some(known) if said.is_empty() && (self.patch.option_names().is_none() || silent) => {
                (0..)
                    .zip(&known.option_names)
                    .map(|(number, name)| (number, self.patch.row, name.clone()))
                    .collect()
            }
            _ => said,
        };
        let names: Vec<(usize, Option<Name>)> = names
            .into_iter()
            .map(|(number, row, name)| {
                (number, self.checked(row, &Column::OptionName(number), name))
            })
            .collect();
        names
            .into_iter()
            .filter_map(|(number, name)| Some((number, name?)))
            .collect()
    }

    fn variant(
        &mut self,
        said_of: Option<&VariantPatch>,
        known: Option<&KnownVariant>,
        names: &[(usize, Name)],
        currency: Currency,
    ) -> Option<RawVariant> {
        let row = said_of.map_or(self.patch.row, |variant| variant.row);
        let cell = |column: &Column| {
            said_of
                .and_then(|variant| variant.cells.get(column))
                .map(String::as_str)
        };
        let was = self.known.map_or(currency, |known| known.currency);
        let price = match (cell(&Column::Price).filter(|cell| !cell.is_empty()), known) {
            (Some(text), _) => self.price(row, &Column::Price, text, currency),
            (None, Some(known)) => self.checked(row, &Column::Price, Money::new(known.price, was)),
            (None, None) => {
                self.wrong(
                    row,
                    &Column::Price,
                    "required",
                    "a new variant needs a price",
                );
                None
            }
        };
        let compare_at_price = match cell(&Column::CompareAtPrice) {
            None => known
                .and_then(|known| known.compare_at_price)
                .and_then(|amount| {
                    self.checked(row, &Column::CompareAtPrice, Money::new(amount, was))
                }),
            Some("") => None,
            Some(text) => {
                let compared: Option<Price> =
                    self.price(row, &Column::CompareAtPrice, text, currency);
                // Shopify keeps what is no reduction, and shows none.
                compared.filter(|compared| {
                    self.columns.format == Format::Mercato
                        || price.is_none_or(|price: Price| {
                            price.money().amount() < compared.money().amount()
                        })
                })
            }
        };
        let barcode = match cell(&Column::Barcode) {
            None => known.and_then(|known| known.barcode.clone()),
            // Shopify writes an apostrophe first, so that no spreadsheet makes a number of it.
            Some(text) if self.columns.format == Format::Shopify => {
                Some(text.trim_start_matches('\'').to_owned())
            }
            Some(text) => Some(text.to_owned()),
        };
        let barcode = barcode.filter(|text| !text.is_empty());
        let barcode = barcode.and_then(|text| self.checked(row, &Column::Barcode, text));
        let weight = self.number(
            row,
            &Column::Weight,
            cell(&Column::Weight),
            known.and_then(|known| known.weight_grams),
        );
        let weight = weight.and_then(|grams| self.checked(row, &Column::Weight, grams));
        let stock = match (self.units(row, cell(&Column::Stock)), known) {
            (Some(units), None) => Some(units),
            (None, None) => Some(Units::ZERO),
            // Stock that is there is corrected by itself.
            (_, Some(_)) => None,
        };
        let details = Details {
            compare_at_price,
            barcode,
            weight,
            dimensions: self.dimensions(row, said_of, known),
        };
        let options = self.options(said_of, known, names);
        let sku = said_of
            .map(|variant| &variant.sku)
            .or(known.map(|known| &known.sku))?
            .clone();
        Some(RawVariant {
            sku,
            price: price?,
            stock,
            options: Some(options),
            details,
        })
    }

    fn price(
        &mut self,
        row: i32,
        column: &Column,
        text: &str,
        currency: Currency,
    ) -> Option<Price> {
        match cells::amount(text, currency) {
            Ok(amount) => self.checked(row, column, Money::new(amount, currency)),
            Err(message) => {
                self.wrong(row, column, "invalid", message);
                None
            }
        }
    }

    fn units(&mut self, row: i32, cell: Option<&str>) -> Option<Units> {
        let cell = cell.filter(|cell| !cell.is_empty())?;
        // Shopify counts below zero what it owes.
        let cell = if self.columns.format == Format::Shopify && cell.starts_with('-') {
            "0"
        } else {
            cell
        };
        let units = self.number(row, &Column::Stock, Some(cell), None)?;
        self.checked(row, &Column::Stock, units)
    }

    fn number(
        &mut self,
        row: i32,
        column: &Column,
        cell: Option<&str>,
        known: Option<i32>,
    ) -> Option<i64> {
        match cell {
            None => known.map(i64::from),
            Some("") => None,
            Some(cell) => match cells::whole(cell) {
                Ok(number) => Some(number),
                Err(message) => {
                    self.wrong(row, column, "invalid", message);
                    None
                }
            },
        }
    }

    fn dimensions(
        &mut self,
        row: i32,
        said_of: Option<&VariantPatch>,
        known: Option<&KnownVariant>,
    ) -> Option<Dimensions> {
        let old = known.and_then(|known| known.millimetres);
        let mut found = 0;
        let errors = self.errors.len();
        let mut side = |place: usize, column: &Column| {
            let cell = said_of
                .and_then(|variant| variant.cells.get(column))
                .map(String::as_str);
            let number = self.number(row, column, cell, old.map(|sides| sides[place]))?;
            found += 1;
            self.checked(row, column, number)
        };
        let (length, width, height) = (
            side(0, &Column::Length),
            side(1, &Column::Width),
            side(2, &Column::Height),
        );
        if (1..3).contains(&found) && self.errors.len() == errors {
            self.wrong(
                row,
                &Column::Length,
                "incomplete",
                "length, width and height are given together, or none of them",
            );
        }
        Some(Dimensions {
            length: length?,
            width: width?,
            height: height?,
        })
    }

    fn options(
        &mut self,
        said_of: Option<&VariantPatch>,
        known: Option<&KnownVariant>,
        names: &[(usize, Name)],
    ) -> BTreeMap<Name, Value> {
        let mut options = BTreeMap::new();
        for (number, name) in names {
            let column = Column::OptionValue(*number);
            let cell = said_of.and_then(|variant| said(variant, &column));
            let row = said_of.map_or(self.patch.row, |variant| variant.row);
            let value = cell
                .map(str::to_owned)
                .or_else(|| known.and_then(|known| known.options.get(&**name).cloned()));
            match value {
                Some(value) => {
                    if let Some(value) = self.checked(row, &column, value) {
                        options.insert(name.clone(), value);
                    }
                }
                None => self.wrong(
                    row,
                    &column,
                    "required",
                    format!("the option {} needs a value", &**name),
                ),
            }
        }
        if let Some(variant) = said_of {
            let unnamed = (0..OPTIONS).find(|number| {
                said_option(variant, *number) && !names.iter().any(|(named, _)| named == number)
            });
            if let Some(number) = unnamed
                && said(variant, &Column::OptionValue(number)) != Some("Default Title")
            {
                self.wrong(
                    variant.row,
                    &Column::OptionValue(number),
                    "not_allowed",
                    "has a value, but the option has no name in the product's first row",
                );
            }
        }
        options
    }

    /// Counts that are others than the file's.
    fn stock(&mut self) -> Vec<(VariantId, Units)> {
        let Some(known) = self.known else {
            return Vec::new();
        };
        let patch = self.patch;
        let mut changes = Vec::new();
        for variant in &patch.variants {
            let Some(has) = known.variants.iter().find(|known| known.sku == variant.sku) else {
                continue;
            };
            let units = self.units(
                variant.row,
                variant.cells.get(&Column::Stock).map(String::as_str),
            );
            changes.extend(
                units
                    .filter(|units| units.get() != has.stock)
                    .map(|units| (has.id, units)),
            );
        }
        changes
    }

    /// Forward in the product's life, never back: a file that still says `draft` takes nothing out of the shop.
    fn step(&self, wish: Wish, changed: bool) -> Option<Step> {
        match (wish, self.known.map(|known| known.life)) {
            (Wish::Public, life) if self.shop.may_approve => life
                .is_none_or(|life| !life.approved)
                .then_some(Step::Approve),
            (_, Some(life)) if life.approved => None,
            (
                _,
                None
                | Some(Life {
                    status: Status::Draft,
                    ..
                }),
            ) => Some(Step::Submit),
            // Who was refused asks again when there is something new to see.
            (
                _,
                Some(Life {
                    status: Status::Rejected,
                    ..
                }),
            ) => changed.then_some(Step::Submit),
            (_, Some(_)) => None,
        }
    }

    fn wish(&mut self) -> Option<Wish> {
        let hidden = self
            .patch
            .said(&Column::Published)
            .is_some_and(|said| cells::truth(&said.text) == Ok(false));
        let said = match self.patch.said(&Column::Status) {
            Some(said) if !said.text.is_empty() => said,
            // Shopify's older files only say whether it is published.
            _ => {
                return self
                    .patch
                    .said(&Column::Published)
                    .filter(|said| cells::truth(&said.text) == Ok(true))
                    .map(|_| Wish::Public);
            }
        };
        match (said.text.to_ascii_lowercase().as_str(), self.columns.format) {
            ("active", _) if hidden => None,
            ("active", _) => Some(Wish::Public),
            ("pending_review", Format::Mercato) => Some(Wish::Review),
            ("draft", _)
            | ("rejected", Format::Mercato)
            | ("archived" | "unlisted", Format::Shopify) => None,
            (_, Format::Mercato) => {
                self.wrong(
                    said.row,
                    &Column::Status,
                    "invalid",
                    "must be draft, pending_review or active",
                );
                None
            }
            (_, Format::Shopify) => {
                self.wrong(
                    said.row,
                    &Column::Status,
                    "invalid",
                    "must be active, draft or archived",
                );
                None
            }
        }
    }
}

enum Wish {
    Review,
    Public,
}

/// What a row says of its variant in a column, if anything.
fn said<'a>(variant: &'a VariantPatch, column: &Column) -> Option<&'a str> {
    variant
        .cells
        .get(column)
        .map(String::as_str)
        .filter(|cell| !cell.is_empty())
}

fn said_option(variant: &VariantPatch, number: usize) -> bool {
    said(variant, &Column::OptionValue(number)).is_some()
}

/// A cell as a value of the type that the category asks for. What no category defines is a text, unless the product has the same
/// already in another type.
fn attribute(
    text: &str,
    kind: Option<Kind>,
    known: Option<&AttributeValue>,
) -> Result<AttributeValue, String> {
    let number = || text.parse::<f64>().ok().filter(|number| number.is_finite());
    if let Some(AttributeValue::Number(known)) = known
        && matches!(kind, None | Some(Kind::Number))
        && (known.to_string() == text || (known.as_f64().is_some() && known.as_f64() == number()))
    {
        return Ok(AttributeValue::Number(known.clone()));
    }
    match (kind, known) {
        (Some(Kind::Number), _) => serde_json::from_str::<serde_json::Number>(text)
            .map(AttributeValue::Number)
            .map_err(|_| "must be a number such as 1.5".to_owned()),
        (Some(Kind::Boolean), _) => cells::truth(text).map(AttributeValue::Boolean),
        (None, Some(AttributeValue::Boolean(known))) if text == known.to_string() => {
            Ok(AttributeValue::Boolean(*known))
        }
        (Some(Kind::Text | Kind::Choice) | None, _) => Value::try_from(text.to_owned())
            .map(|text| AttributeValue::Text(text.into()))
            .map_err(str::to_owned),
    }
}

/// Where in the file a field of an offer is: `variants[2].price` → the row of the third variant, its price.
fn place_of(field: &str, rows: &[i32], first: i32) -> (i32, Column) {
    let (row, name) = match field
        .strip_prefix("variants[")
        .and_then(|rest| rest.split_once("]."))
    {
        Some((index, name)) => (
            index
                .parse::<usize>()
                .ok()
                .and_then(|index| rows.get(index))
                .copied()
                .unwrap_or(first),
            name,
        ),
        None => (rows.first().copied().unwrap_or(first), field),
    };
    let column = match name {
        "sku" => Column::Sku,
        "price" => Column::Price,
        "price.currency" => Column::Currency,
        "compare_at_price" | "compare_at_price.currency" => Column::CompareAtPrice,
        "options" => Column::OptionValue(0),
        _ => Column::Handle,
    };
    (row, column)
}
