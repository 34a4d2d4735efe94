//! Work that is found in the database.

pub(crate) mod forget;
pub(crate) mod send;
