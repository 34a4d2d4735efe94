//! What a tab shows, and the same as CSV.

use axum::response::Response;
use primitives::{Currency, Money, Timestamp};

use crate::error::Result;
use crate::format::thousands;
use crate::pages::chart::Chart;
use crate::spreadsheet;

/// Tiles, a chart, and a table.
#[derive(Debug, Default)]
pub(super) struct View {
    pub(super) tiles: Vec<Tile>,
    pub(super) chart_title: String,
    pub(super) chart: Option<Chart>,
    pub(super) table: Table,
    /// What one should know about the numbers.
    pub(super) notes: Vec<String>,
    /// Links that show the same otherwise: address, words, whether it is what is shown.
    pub(super) sorts: Vec<(String, &'static str, bool)>,
    pub(super) next: Option<String>,
    /// What the numbers are of, if that is not now.
    pub(super) as_of: Option<Timestamp>,
}

/// A number that counts.
#[derive(Debug)]
pub(super) struct Tile {
    pub(super) label: &'static str,
    pub(super) value: String,
    pub(super) change: Option<Change>,
}

/// How a number compares to the one before.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) text: String,
    pub(super) class: &'static str,
}

impl Change {
    /// In per cent; words where there is none.
    pub(super) fn of(now: i64, before: i64) -> Self {
        let class = match now.cmp(&before) {
            std::cmp::Ordering::Greater => "up",
            std::cmp::Ordering::Less => "down",
            std::cmp::Ordering::Equal => "",
        };
        let text = match (now, before) {
            (0, 0) => "as before".to_owned(),
            (_, 0) => "nothing before".to_owned(),
            _ => {
                let change =
                    (i128::from(now) - i128::from(before)) * 1000 / i128::from(before).abs();
                let sign = if change < 0 { "−" } else { "+" };
                format!("{sign}{}.{} %", change.abs() / 10, change.abs() % 10)
            }
        };
        Self { text, class }
    }
}

#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Vec<Cell>>,
    pub(super) total: Vec<Cell>,
    /// Whether cells are coloured by how much they are.
    pub(super) heat: bool,
}

#[derive(Debug)]
pub(super) struct Column {
    pub(super) label: String,
    pub(super) number: bool,
}

pub(super) fn text_column(label: impl Into<String>) -> Column {
    Column {
        label: label.into(),
        number: false,
    }
}

pub(super) fn number_column(label: impl Into<String>) -> Column {
    Column {
        label: label.into(),
        number: true,
    }
}

#[derive(Debug, Default)]
pub(super) struct Cell {
    /// For people.
    pub(super) text: String,
    /// For programs.
    plain: String,
    pub(super) href: Option<String>,
    pub(super) number: bool,
    /// From 0 to 5.
    pub(super) heat: u8,
}

impl Cell {
    pub(super) fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        // What a table program would run as a formula is text to it.
        let risky = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
        Self {
            plain: if risky {
                format!("'{text}")
            } else {
                text.clone()
            },
            text,
            ..Self::default()
        }
    }

    pub(super) fn link(text: impl Into<String>, href: String) -> Self {
        Self {
            href: Some(href),
            ..Self::text(text)
        }
    }

    pub(super) fn count(number: i64) -> Self {
        Self {
            text: thousands(&number.to_string()),
            plain: number.to_string(),
            number: true,
            ..Self::default()
        }
    }

    /// The column says the currency.
    pub(super) fn money(amount: i64, currency: Currency) -> Self {
        let money = Money::new(amount, currency).to_string();
        let plain = money.split(' ').next().unwrap_or_default();
        Self {
            text: thousands(plain),
            plain: plain.to_owned(),
            number: true,
            ..Self::default()
        }
    }

    pub(super) fn percent(part: i64, of: i64) -> Self {
        if of == 0 {
            return Self {
                number: true,
                ..Self::default()
            };
        }
        let permille = i128::from(part) * 1000 / i128::from(of);
        let text = format!("{}.{}", permille / 10, (permille % 10).abs());
        Self {
            text: format!("{text} %"),
            plain: text,
            number: true,
            ..Self::default()
        }
    }

    pub(super) fn heat(self, heat: u8) -> Self {
        Self { heat, ..self }
    }
}

impl Table {
    /// Exactly what the page shows.
    pub(super) fn csv(&self, file: &str) -> Result<Response> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let write = |writer: &mut csv::Writer<Vec<u8>>, cells: &[Cell]| {
            writer.write_record(cells.iter().map(|cell| &cell.plain))
        };
        writer.write_record(self.columns.iter().map(|column| &column.label))?;
        for row in &self.rows {
            write(&mut writer, row)?;
        }
        if !self.total.is_empty() {
            write(&mut writer, &self.total)?;
        }
        let body = writer.into_inner().map_err(|error| error.into_error())?;
        Ok(spreadsheet::file(file, body))
    }
}
