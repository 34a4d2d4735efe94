//! Reconcilers: work that finds itself in the database. They take no input and may run twice, or on several machines at once.

pub(crate) mod category_counts;
pub(crate) mod expire_holds;
pub(crate) mod imports;
pub(crate) mod recommend;
pub(crate) mod remove_leftovers;
pub(crate) mod schedule;
pub(crate) mod search_upkeep;
pub(crate) mod wishes;
