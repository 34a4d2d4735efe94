//! Rows of one kind of object, in the order of their creation.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

/// What has an identifier of its own.
pub trait Row {
    /// The identifier.
    fn id(&self) -> &str;
}

/// Rows found by id and walked by age.
#[derive(Debug, Serialize, Deserialize)]
#[serde(
    from = "Vec<R>",
    into = "Vec<R>",
    bound(
        serialize = "R: Serialize + Clone + Row",
        deserialize = "R: Deserialize<'de> + Row"
    )
)]
pub struct Table<R> {
    rows: Vec<R>,
    by_id: HashMap<String, usize>,
}

impl<R> Default for Table<R> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            by_id: HashMap::new(),
        }
    }
}

impl<R: Clone> Clone for Table<R> {
    fn clone(&self) -> Self {
        Self {
            rows: self.rows.clone(),
            by_id: self.by_id.clone(),
        }
    }
}

impl<R: Row> From<Vec<R>> for Table<R> {
    fn from(rows: Vec<R>) -> Self {
        let by_id = rows
            .iter()
            .enumerate()
            .map(|(at, row)| (row.id().to_owned(), at))
            .collect();
        Self { rows, by_id }
    }
}

impl<R> From<Table<R>> for Vec<R> {
    fn from(table: Table<R>) -> Self {
        table.rows
    }
}

impl<R: Row> Table<R> {
    /// Adds a row.
    pub fn push(&mut self, row: R) {
        self.by_id.insert(row.id().to_owned(), self.rows.len());
        self.rows.push(row);
    }

    /// The row of `id`.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&R> {
        self.by_id.get(id).and_then(|at| self.rows.get(*at))
    }

    /// The row of `id`, to change it.
    pub fn get_mut(&mut self, id: &str) -> Option<&mut R> {
        self.by_id.get(id).and_then(|at| self.rows.get_mut(*at))
    }

    /// All rows, newest first, as Stripe lists them.
    pub fn newest_first(&self) -> impl Iterator<Item = &R> {
        self.rows.iter().rev()
    }
}
