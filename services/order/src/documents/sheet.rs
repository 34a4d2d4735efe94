//! A document as it is shown, whatever the format: only words, in their places.

/// One document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sheet {
    /// Such as `Invoice INV-1000042`.
    pub(crate) title: String,
    /// Who sends it: name first.
    pub(crate) sender: Vec<String>,
    pub(crate) recipient: Vec<String>,
    /// What identifies it: a name and a value each.
    pub(crate) facts: Vec<(String, String)>,
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Row>,
    /// Below the table: what adds up, the last one in bold.
    pub(crate) totals: Vec<(String, String)>,
    pub(crate) notes: Vec<String>,
    /// At the foot of each page.
    pub(crate) footer: Vec<String>,
    /// When it was issued: year, month and day.
    pub(crate) date: (u16, u8, u8),
}

impl Sheet {
    /// Whether a column has numbers.
    pub(super) fn is_number(&self, column: &usize) -> bool {
        self.columns
            .get(*column)
            .is_some_and(|column| column.number)
    }
}

/// A column of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) title: &'static str,
    /// Numbers stand at the right.
    pub(crate) number: bool,
    /// Of the table's width, in hundredths.
    pub(crate) width: u8,
}

/// A row of the table: a cell for each column, and small print below the first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) cells: Vec<String>,
    pub(crate) small: Vec<String>,
}
