//! `/api/wishlist`

pub(crate) mod list;
pub(crate) mod put;
pub(crate) mod remove;
pub(crate) mod settings;
pub(crate) mod share;
pub(crate) mod shared;
pub(crate) mod unsubscribe;
mod view;
