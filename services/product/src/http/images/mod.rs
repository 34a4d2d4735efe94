//! `/api/products/{id}/images`

pub(crate) mod create;
pub(crate) mod delete;
