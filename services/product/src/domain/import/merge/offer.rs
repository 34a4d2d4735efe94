//! What is offered: variants with their options, prices, measures and counts.

use std::collections::{BTreeMap, BTreeSet};

use primitives::{Currency, Money, Sku, VariantId};

use super::Merging;
use crate::domain::import::columns::{Column, OPTIONS};
use crate::domain::import::known::KnownVariant;
use crate::domain::import::plan::VariantPatch;
use crate::domain::import::{Format, cells};
use crate::domain::product::{self, Details, Dimensions, RawOffer, RawVariant};
use crate::domain::text::{Name, Price, Units, Value};

impl Merging<'_> {
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
    pub(super) fn offer(&mut self) -> Option<product::Offer> {
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
    pub(super) fn stock(&mut self) -> Vec<(VariantId, Units)> {
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
}

/// What a row says of its variant in a column, if anything.
pub(super) fn said<'a>(variant: &'a VariantPatch, column: &Column) -> Option<&'a str> {
    variant
        .cells
        .get(column)
        .map(String::as_str)
        .filter(|cell| !cell.is_empty())
}

fn said_option(variant: &VariantPatch, number: usize) -> bool {
    said(variant, &Column::OptionValue(number)).is_some()
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
