//! `/api/products/{id}/reviews` and `/api/reviews`

mod access;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod get;
pub(crate) mod helpful;
pub(crate) mod hide;
pub(crate) mod list;
pub(crate) mod list_all;
mod paging;
pub(crate) mod publish;
pub(crate) mod reply;
pub(crate) mod update;
mod view;
