//! `/api/products`

pub(crate) mod approve;
pub(crate) mod body;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod export;
pub(crate) mod facets;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod reject;
pub(crate) mod set_stock;
pub(crate) mod submit;
pub(crate) mod suggest;
pub(crate) mod update;
pub(crate) mod view;
