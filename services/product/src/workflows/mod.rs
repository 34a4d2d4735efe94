//! Operations of several steps; each owns its transaction, unless it is given one.

pub(crate) mod categories;
pub(crate) mod imports;
pub(crate) mod once;
pub(crate) mod pictures;
pub(crate) mod products;
pub(crate) mod queues;
pub(crate) mod recommendations;
pub(crate) mod reservations;
pub(crate) mod reviews;
pub(crate) mod settlements;
pub(crate) mod stock;
pub(crate) mod stock_takes;
pub(crate) mod wishes;
