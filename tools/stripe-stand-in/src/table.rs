//! Rows of one kind of object, in the order of their creation.

use std::collections::{BTreeSet, HashMap};

/// What has an identifier of its own.
pub trait Row {
    /// The identifier.
    fn id(&self) -> &str;
}

/// Rows found by id and walked by age, which knows what changed since it was last asked.
#[derive(Debug)]
pub struct Table<R> {
    rows: Vec<R>,
    by_id: HashMap<String, usize>,
    changed: BTreeSet<usize>,
}

impl<R> Default for Table<R> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            by_id: HashMap::new(),
            changed: BTreeSet::new(),
        }
    }
}

impl<R: Row> Table<R> {
    /// Adds a row, or replaces the one of the same id.
    pub fn put(&mut self, row: R) {
        match self.by_id.get(row.id()) {
            Some(at) => {
                self.changed.insert(*at);
                self.rows[*at] = row;
            }
            None => {
                let at = self.rows.len();
                self.changed.insert(at);
                self.by_id.insert(row.id().to_owned(), at);
                self.rows.push(row);
            }
        }
    }

    /// The row of `id`.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&R> {
        self.by_id.get(id).and_then(|at| self.rows.get(*at))
    }

    /// The row of `id`, to change it.
    pub fn get_mut(&mut self, id: &str) -> Option<&mut R> {
        let at = *self.by_id.get(id)?;
        self.changed.insert(at);
        self.rows.get_mut(at)
    }

    /// All rows, newest first, as Stripe lists them.
    pub fn newest_first(&self) -> impl Iterator<Item = &R> {
        self.rows.iter().rev()
    }

    /// The rows that were added or may have been changed since the last call, oldest first.
    pub fn take_changed(&mut self) -> impl Iterator<Item = &R> {
        std::mem::take(&mut self.changed)
            .into_iter()
            .filter_map(|at| self.rows.get(at))
    }

    /// Counts every row as changed.
    pub fn touch_all(&mut self) {
        self.changed = (0..self.rows.len()).collect();
    }
}
