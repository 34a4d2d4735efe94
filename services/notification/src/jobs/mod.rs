//! Work that is found in the database.

pub(crate) mod send;
