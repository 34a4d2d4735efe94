//! What the rows of one product say together.

use std::collections::{BTreeMap, BTreeSet};

use primitives::{Sku, UserId};

use super::columns::{Column, Columns, OPTIONS};
use super::{Format, Row, RowError, html};
use crate::domain::slug;

/// A cell that says something, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) row: i32,
    pub(crate) text: String,
}

/// What a file says of a product. What it has no column for is not said, and stays as it is; an empty cell says "nothing".
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Patch {
    /// The first of its rows.
    pub(crate) row: i32,
    /// Its address, if it gets one.
    pub(crate) handle: Option<String>,
    pub(crate) seller: Option<UserId>,
    pub(crate) product: BTreeMap<Column, Said>,
    pub(crate) variants: Vec<VariantPatch>,
}

/// What a file says of a variant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VariantPatch {
    pub(crate) row: i32,
    pub(crate) sku: Sku,
    pub(crate) cells: BTreeMap<Column, String>,
}

impl Patch {
    pub(crate) fn said(&self, column: &Column) -> Option<&Said> {
        self.product.get(column)
    }

    /// The names of the options in order; none if the file does not say.
    pub(crate) fn option_names(&self) -> Option<Vec<&Said>> {
        let names: Vec<&Said> = (0..OPTIONS)
            .filter_map(|number| self.said(&Column::OptionName(number)))
            .collect();
        (!names.is_empty()).then(|| {
            names
                .into_iter()
                .filter(|said| !said.text.is_empty())
                .collect()
        })
    }
}

/// The key that groups rows: the handle; a row without one stands alone.
pub(crate) fn group(columns: &Columns, row: &Row) -> String {
    match columns.cell(row, &Column::Handle) {
        Some(handle) if !handle.is_empty() => handle.to_owned(),
        // No handle can look like this one, because cells are trimmed.
        _ => format!("\u{1f} {}", row.number),
    }
}

/// Reads the rows of one product, in the order of the file. All that is wrong with them by themselves is found at once.
pub(crate) fn patch(columns: &Columns, rows: &[Row]) -> Result<Patch, Vec<RowError>> {
    let mut errors = Vec::new();
    for row in rows.iter().filter(|row| !columns.fit(row)) {
        let message = format!(
            "has {} cells, but the header has {}",
            row.cells.len(),
            columns.len()
        );
        errors.push(RowError::new(row.number, "", "wrong_cell_count", message));
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let first = rows.first().map_or(0, |row| row.number);
    let handle = rows
        .first()
        .and_then(|row| columns.cell(row, &Column::Handle))
        .filter(|handle| !handle.is_empty())
        .map(str::to_owned);
    if handle.is_none() && columns.format == Format::Shopify {
        errors.push(RowError::new(
            first,
            columns.heading(&Column::Handle),
            "required",
            "is required",
        ));
    }
    let mut product = BTreeMap::new();
    for (column, heading) in columns.iter().filter(|(column, _)| is_of_product(column)) {
        let mut said: Option<Said> = None;
        for row in rows {
            let text = columns.cell(row, column).unwrap_or_default();
            match &said {
                _ if text.is_empty() => {}
                None => {
                    said = Some(Said {
                        row: row.number,
                        text: text.to_owned(),
                    })
                }
                Some(said) if said.text == text => {}
                Some(said) => {
                    let message = format!(
                        "is another than in row {}, and belongs to the whole product",
                        said.row
                    );
                    errors.push(RowError::new(row.number, heading, "conflicting", message));
                }
            }
        }
        let mut said = said.unwrap_or(Said {
            row: first,
            text: String::new(),
        });
        if *column == Column::Body {
            said.text = html::to_text(&said.text);
        }
        product.insert(column.clone(), said);
    }
    if columns.format == Format::Shopify {
        forget_the_only_option(columns, rows, &mut product);
    }
    let mut variants = Vec::new();
    let mut skus = BTreeSet::new();
    for row in rows.iter().filter(|row| is_variant(columns, row)) {
        let cells: BTreeMap<Column, String> = columns
            .iter()
            .filter(|(column, _)| is_of_variant(column))
            .map(|(column, _)| {
                (
                    column.clone(),
                    columns.cell(row, column).unwrap_or_default().to_owned(),
                )
            })
            .collect();
        match sku(columns, handle.as_deref(), &cells) {
            Ok(sku) if skus.insert(sku.clone()) => variants.push(VariantPatch {
                row: row.number,
                sku,
                cells,
            }),
            Ok(_) => errors.push(RowError::new(
                row.number,
                columns.heading(&Column::Sku),
                "duplicate",
                "is in another row of this product too",
            )),
            Err((code, message)) => errors.push(RowError::new(
                row.number,
                columns.heading(&Column::Sku),
                code,
                message,
            )),
        }
    }
    if variants.is_empty() && errors.is_empty() {
        errors.push(RowError::new(
            first,
            "",
            "no_variant",
            "has no row with a SKU, a price or an option",
        ));
    }
    let seller = match product
        .get(&Column::Seller)
        .map(|said| (said, said.text.parse::<uuid::Uuid>()))
    {
        Some((said, _)) if said.text.is_empty() => None,
        Some((_, Ok(id))) => Some(UserId::from(id)),
        Some((said, Err(_))) => {
            errors.push(RowError::new(
                said.row,
                columns.heading(&Column::Seller),
                "invalid",
                "must be the id of a seller",
            ));
            None
        }
        None => None,
    };
    if errors.is_empty() {
        Ok(Patch {
            row: first,
            handle,
            seller,
            product,
            variants,
        })
    } else {
        Err(errors)
    }
}

fn is_of_product(column: &Column) -> bool {
    !is_of_variant(column)
        && !matches!(column, Column::Handle | Column::MendedRow | Column::Ignored)
}

fn is_of_variant(column: &Column) -> bool {
    use Column::{
        Barcode, CompareAtPrice, Height, Length, OptionValue, Price, Sku, Stock, Taxable, Weight,
        Width,
    };
    matches!(
        column,
        OptionValue(_)
            | Sku
            | Price
            | CompareAtPrice
            | Stock
            | Barcode
            | Weight
            | Length
            | Width
            | Height
            | Taxable
    )
}

/// Whether a row is one of a variant. Shopify also has rows that only show another picture.
fn is_variant(columns: &Columns, row: &Row) -> bool {
    let says = |column: &Column| {
        columns
            .cell(row, column)
            .is_some_and(|cell| !cell.is_empty())
    };
    match columns.format {
        Format::Mercato => true,
        Format::Shopify => {
            says(&Column::Sku)
                || says(&Column::Price)
                || (0..OPTIONS).any(|number| says(&Column::OptionValue(number)))
        }
    }
}

/// Shopify writes a product without options as one with the option `Title` of the value `Default Title`.
fn forget_the_only_option(columns: &Columns, rows: &[Row], product: &mut BTreeMap<Column, Said>) {
    let name = product
        .get(&Column::OptionName(0))
        .map(|said| said.text.as_str());
    let values = || {
        rows.iter()
            .filter_map(|row| columns.cell(row, &Column::OptionValue(0)))
            .filter(|value| !value.is_empty())
    };
    if name == Some("Title") && values().all(|value| value == "Default Title") {
        for (column, said) in product {
            if matches!(column, Column::OptionName(_)) {
                said.text.clear();
            }
        }
    }
}

/// The SKU of a row. Shopify's may have none: then it is made of the handle and the options, always the same.
fn sku(
    columns: &Columns,
    handle: Option<&str>,
    cells: &BTreeMap<Column, String>,
) -> Result<Sku, (&'static str, String)> {
    let cell = cells.get(&Column::Sku).map_or("", String::as_str);
    if !cell.is_empty() {
        return cell
            .parse()
            .map_err(|error: primitives::TextError| ("invalid", error.to_string()));
    }
    let (Format::Shopify, Some(handle)) = (columns.format, handle) else {
        return Err(("required", "is required".to_owned()));
    };
    let values = (0..OPTIONS).filter_map(|number| cells.get(&Column::OptionValue(number)));
    let values: Vec<&str> = values
        .map(String::as_str)
        .filter(|value| !value.is_empty() && *value != "Default Title")
        .collect();
    let whole = [&[handle], values.as_slice()].concat().join(" ");
    let mut made = slug::of(&whole, "item");
    made.truncate(64);
    made.parse().map_err(|_| {
        (
            "required",
            "is required: none could be made of the handle".to_owned(),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(format: Format, lines: &[&str]) -> Result<Patch, Vec<RowError>> {
        let cells = |line: &str| line.split('|').map(str::to_owned).collect::<Vec<_>>();
        let columns = Columns::new(format, cells(lines[0])).unwrap();
        let rows: Vec<Row> = (2..)
            .zip(&lines[1..])
            .map(|(number, line)| Row {
                number,
                cells: cells(line),
            })
            .collect();
        patch(&columns, &rows)
    }

    fn codes(result: Result<Patch, Vec<RowError>>) -> Vec<(i32, String, String)> {
        result
            .unwrap_err()
            .into_iter()
            .map(|error| (error.row, error.column, error.code.into_owned()))
            .collect()
    }

    #[test]
    fn a_product_is_said_once_and_its_variants_in_rows() {
        let patch = read(
            Format::Mercato,
            &[
                "handle|title|option1_name|option1_value|sku|stock",
                "tee|Tee|size|M|T-M|3",
                "tee|Tee||L|T-L|",
            ],
        )
        .unwrap();
        assert_eq!(
            patch.said(&Column::Title),
            Some(&Said {
                row: 2,
                text: "Tee".to_owned()
            })
        );
        let skus: Vec<(i32, &str)> = patch
            .variants
            .iter()
            .map(|variant| (variant.row, variant.sku.as_str()))
            .collect();
        assert_eq!(skus, [(2, "T-M"), (3, "T-L")]);
        assert_eq!(patch.option_names().unwrap().len(), 1);
        assert_eq!(patch.said(&Column::Description), None);
    }

    #[test]
    fn all_that_is_wrong_is_found_at_once() {
        let wrong = read(
            Format::Mercato,
            &[
                "handle|title|seller|sku",
                "tee|Tee|me|T",
                "tee|Shirt||T",
                "tee|||",
            ],
        );
        let error = |row, column: &str, code: &str| (row, column.to_owned(), code.to_owned());
        assert_eq!(
            codes(wrong),
            [
                error(3, "title", "conflicting"),
                error(3, "sku", "duplicate"),
                error(4, "sku", "required"),
                error(2, "seller", "invalid")
            ]
        );
        assert_eq!(
            codes(read(Format::Mercato, &["handle|sku", "tee|T|x"])),
            [error(2, "", "wrong_cell_count")]
        );
        assert_eq!(
            codes(read(
                Format::Shopify,
                &["Handle|Title|Image Src", "tee|Tee|a.jpg"]
            )),
            [error(2, "", "no_variant")]
        );
        assert_eq!(
            codes(read(
                Format::Shopify,
                &["Handle|Title|Variant Price", "|Tee|1"]
            )),
            [
                error(2, "Handle", "required"),
                error(2, "Variant SKU", "required")
            ]
            .map(|mut error| {
                if error.1 == "Variant SKU" {
                    error.1 = String::new();
                }
                error
            })
        );
    }

    #[test]
    fn shopifys_ways_are_understood() {
        let patch = read(
            Format::Shopify,
            &["Handle|Title|Body (HTML)|Option1 Name|Option1 Value|Variant SKU|Variant Price|Image Src", "mug|Mug|<p>A <b>mug</b></p>|Title|Default Title||9.99|1.jpg", "mug|||||||2.jpg"],
        )
        .unwrap();
        assert_eq!(
            (patch.variants.len(), patch.variants[0].sku.as_str()),
            (1, "mug")
        );
        assert_eq!(patch.said(&Column::Body).unwrap().text, "A mug");
        assert_eq!(patch.option_names(), Some(vec![]));
        let patch = read(
            Format::Shopify,
            &[
                "Handle|Option1 Name|Option1 Value|Variant SKU|Variant Price",
                "tee|Size|Größe M||1",
                "tee||L||1",
            ],
        )
        .unwrap();
        let skus: Vec<&str> = patch
            .variants
            .iter()
            .map(|variant| variant.sku.as_str())
            .collect();
        assert_eq!(skus, ["tee-groesse-m", "tee-l"]);
    }
}
