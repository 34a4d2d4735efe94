//! What each column of a file is, by its heading.

use super::cells::bare;
use super::{Format, Row};

/// What a column says. Of the product, on the first of its rows that says anything; or of the row's variant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Column {
    Handle,
    Seller,
    Title,
    /// Plain text.
    Description,
    /// HTML.
    Body,
    Status,
    /// Whether it is public at all: Shopify says it beside the status.
    Published,
    Category,
    TaxClass,
    SeoTitle,
    SeoDescription,
    PublishAt,
    UnpublishAt,
    Currency,
    Attribute(String),
    OptionName(usize),
    /// From here on of the variant.
    OptionValue(usize),
    Sku,
    Price,
    CompareAtPrice,
    Stock,
    Barcode,
    Weight,
    Length,
    Width,
    Height,
    /// Whether tax is due.
    Taxable,
    /// Which row this one stands for, in a file of mended rows.
    MendedRow,
    /// Exported for people, or of no use here.
    Ignored,
}

/// The heading that a file of bad rows has for the number of a row.
pub(crate) const ROW_HEADING: &str = "import_row";
/// The heading that it has for what is wrong.
pub(crate) const ERROR_HEADING: &str = "import_error";
/// What the headings of attributes begin with.
pub(crate) const ATTRIBUTE: &str = "attribute:";
/// The most options of a product that columns exist for.
pub(crate) const OPTIONS: usize = crate::domain::product::MAX_OPTIONS;

/// A heading that is not right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WrongHeading {
    pub(crate) heading: String,
    pub(crate) code: &'static str,
    pub(crate) message: &'static str,
}

/// The columns of one file, in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Columns {
    pub(crate) format: Format,
    headings: Vec<String>,
    list: Vec<Column>,
}

impl Columns {
    /// Understands a header. All that is wrong is found at once.
    pub(crate) fn new(format: Format, headings: Vec<String>) -> Result<Self, Vec<WrongHeading>> {
        let mut wrong = Vec::new();
        let mut list: Vec<Column> = Vec::with_capacity(headings.len());
        for heading in &headings {
            let name = bare(heading).trim();
            let column = match (recognised(format, name), format) {
                // A spreadsheet's empty columns.
                _ if name.is_empty() => Column::Ignored,
                (Some(column), _) => column,
                // Shopify's shops have columns of their own: markets, metafields, apps. The answer names what was left out.
                (None, Format::Shopify) => Column::Ignored,
                (None, Format::Mercato) => {
                    wrong.push(WrongHeading {
                        heading: name.to_owned(),
                        code: "unknown_column",
                        message: "is not a column of this format",
                    });
                    Column::Ignored
                }
            };
            if column != Column::Ignored && list.contains(&column) {
                wrong.push(WrongHeading {
                    heading: name.to_owned(),
                    code: "duplicate_column",
                    message: "is there twice",
                });
            }
            list.push(column);
        }
        let needed = match format {
            Format::Mercato => (Column::Sku, "sku"),
            Format::Shopify => (Column::Handle, "Handle"),
        };
        if !list.contains(&needed.0) {
            wrong.push(WrongHeading {
                heading: needed.1.to_owned(),
                code: "missing_column",
                message: "is required",
            });
        }
        if wrong.is_empty() {
            Ok(Self {
                format,
                headings,
                list,
            })
        } else {
            Err(wrong)
        }
    }

    /// The headings as the file has them.
    pub(crate) fn headings(&self) -> &[String] {
        &self.headings
    }

    /// Headings of what the import does not use.
    pub(crate) fn ignored(&self) -> Vec<String> {
        let ours = [ROW_HEADING, ERROR_HEADING];
        let pairs = self.headings.iter().zip(&self.list);
        let ignored = pairs.filter(|(heading, column)| {
            **column == Column::Ignored
                && !heading.trim().is_empty()
                && !ours.contains(&heading.trim())
        });
        ignored.map(|(heading, _)| heading.clone()).collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    /// All columns with their headings.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Column, &str)> {
        self.list
            .iter()
            .zip(self.headings.iter().map(|heading| bare(heading).trim()))
    }

    pub(crate) fn place(&self, column: &Column) -> Option<usize> {
        self.list.iter().position(|known| known == column)
    }

    /// How the file calls a column.
    pub(crate) fn heading(&self, column: &Column) -> &str {
        self.place(column)
            .and_then(|place| self.headings.get(place))
            .map_or("", |heading| bare(heading).trim())
    }

    /// What a row says in a column; none if the file does not have it.
    pub(crate) fn cell<'a>(&self, row: &'a Row, column: &Column) -> Option<&'a str> {
        let cell = row.cells.get(self.place(column)?)?;
        Some(bare(cell).trim())
    }

    /// Whether a row has a cell for each column, and no more.
    pub(crate) fn fit(&self, row: &Row) -> bool {
        let extra = row.cells.get(self.len()..).unwrap_or_default();
        row.cells.len() >= self.len() && extra.iter().all(|cell| cell.trim().is_empty())
    }
}

fn recognised(format: Format, heading: &str) -> Option<Column> {
    match heading {
        ROW_HEADING => return Some(Column::MendedRow),
        ERROR_HEADING => return Some(Column::Ignored),
        _ => {}
    }
    match format {
        Format::Mercato => mercato(heading),
        Format::Shopify => shopify(&heading.to_ascii_lowercase()),
    }
}

/// Our columns in the order in which they are exported, without attributes and options.
pub(crate) const MERCATO: [(&str, Column); 22] = [
    ("handle", Column::Handle),
    ("seller", Column::Seller),
    ("title", Column::Title),
    ("description", Column::Description),
    ("status", Column::Status),
    ("category", Column::Category),
    ("tax_class", Column::TaxClass),
    ("seo_title", Column::SeoTitle),
    ("seo_description", Column::SeoDescription),
    ("publish_at", Column::PublishAt),
    ("unpublish_at", Column::UnpublishAt),
    ("currency", Column::Currency),
    ("images", Column::Ignored),
    // From here on of the variant.
    ("sku", Column::Sku),
    ("price", Column::Price),
    ("compare_at_price", Column::CompareAtPrice),
    ("stock", Column::Stock),
    ("barcode", Column::Barcode),
    ("weight_grams", Column::Weight),
    ("length_mm", Column::Length),
    ("width_mm", Column::Width),
    ("height_mm", Column::Height),
];

fn mercato(heading: &str) -> Option<Column> {
    // An attribute's key may have capitals.
    if let Some(key) = heading.strip_prefix(ATTRIBUTE) {
        let key = key.trim();
        return (!key.is_empty()).then(|| Column::Attribute(key.to_owned()));
    }
    let heading = heading.to_ascii_lowercase();
    let known = MERCATO.iter().find(|(name, _)| *name == heading);
    known
        .map(|(_, column)| column.clone())
        .or_else(|| option(&heading, "option", "_name", "_value"))
}

/// Shopify's headings in lower case: those of its export, and those of the template that it hands out now.
fn shopify(heading: &str) -> Option<Column> {
    Some(match heading {
        "handle" | "url handle" => Column::Handle,
        "title" => Column::Title,
        "body (html)" | "body html" | "description" => Column::Body,
        "vendor" => Column::Attribute("vendor".to_owned()),
        "product category" => Column::Category,
        "type" => Column::Attribute("type".to_owned()),
        "tags" => Column::Attribute("tags".to_owned()),
        "published" | "published on online store" => Column::Published,
        "status" => Column::Status,
        "variant sku" | "sku" => Column::Sku,
        "variant grams" | "weight value (grams)" => Column::Weight,
        "variant inventory qty" | "inventory quantity" => Column::Stock,
        "variant price" | "price" => Column::Price,
        "variant compare at price" | "compare-at price" => Column::CompareAtPrice,
        "variant barcode" | "barcode" => Column::Barcode,
        "variant taxable" | "charge tax" => Column::Taxable,
        "seo title" => Column::SeoTitle,
        "seo description" => Column::SeoDescription,
        _ => return option(heading, "option", " name", " value"),
    })
}

/// `option1_name`, `Option2 Value` and so on.
fn option(heading: &str, prefix: &str, name: &str, value: &str) -> Option<Column> {
    let rest = heading.strip_prefix(prefix)?;
    let number = |text: &str| {
        text.parse::<usize>()
            .ok()
            .filter(|number| (1..=OPTIONS).contains(number) && text.len() == 1)
    };
    match (rest.strip_suffix(name), rest.strip_suffix(value)) {
        (Some(text), _) => number(text).map(|number| Column::OptionName(number - 1)),
        (None, Some(text)) => number(text).map(|number| Column::OptionValue(number - 1)),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(format: Format, headings: &str) -> Result<Columns, Vec<WrongHeading>> {
        Columns::new(format, headings.split(',').map(str::to_owned).collect())
    }

    #[test]
    fn every_wrong_heading_is_named_at_once() {
        let wrong = columns(
            Format::Mercato,
            "handle,titel,price,Price,option6_name,attribute:",
        )
        .unwrap_err();
        let wrong: Vec<(&str, &str)> = wrong
            .iter()
            .map(|wrong| (wrong.heading.as_str(), wrong.code))
            .collect();
        assert_eq!(
            wrong,
            [
                ("titel", "unknown_column"),
                ("Price", "duplicate_column"),
                ("option6_name", "unknown_column"),
                ("attribute:", "unknown_column"),
                ("sku", "missing_column")
            ]
        );
    }

    #[test]
    fn both_of_shopifys_headings_are_known() {
        let old = columns(Format::Shopify, "Handle,Title,Body (HTML),Vendor,Option1 Name,Option1 Value,Option1 Linked To,Variant SKU,Variant Price,Price / International").unwrap();
        let new = columns(Format::Shopify, "URL handle,Title,Description,Vendor,Option1 name,Option1 value,Option1 Linked To,SKU,Price,Cost per item").unwrap();
        assert_eq!(old.list, new.list);
        assert_eq!(
            old.ignored(),
            ["Option1 Linked To", "Price / International"]
        );
        assert_eq!(
            columns(Format::Shopify, "Title").unwrap_err()[0].heading,
            "Handle"
        );
    }

    #[test]
    fn rows_have_a_cell_for_each_column() {
        let columns = columns(Format::Mercato, "sku,stock").unwrap();
        let row = |cells: &[&str]| Row {
            number: 2,
            cells: cells.iter().map(|cell| (*cell).to_owned()).collect(),
        };
        assert!(columns.fit(&row(&["A", "1"])) && columns.fit(&row(&["A", "1", "", " "])));
        assert!(!columns.fit(&row(&["A"])) && !columns.fit(&row(&["A", "1", "2"])));
        assert_eq!(
            columns.cell(&row(&["'=A", " 1 "]), &Column::Sku),
            Some("=A")
        );
        assert_eq!(columns.cell(&row(&["A", " 1 "]), &Column::Stock), Some("1"));
        assert_eq!(columns.cell(&row(&["A", "1"]), &Column::Title), None);
    }
}
