//! The rules of catalogue and stock: pure functions and types. No I/O; time and randomness come in as arguments.

pub(crate) mod allocation;
pub(crate) mod attributes;
pub(crate) mod category;
pub(crate) mod count_sheet;
pub(crate) mod definition;
pub(crate) mod hold;
pub(crate) mod import;
pub(crate) mod link_token;
pub(crate) mod links;
pub(crate) mod picture;
pub(crate) mod price;
pub(crate) mod product;
pub(crate) mod recommendation;
pub(crate) mod review;
pub(crate) mod search;
pub(crate) mod slug;
pub(crate) mod spec;
pub(crate) mod status;
pub(crate) mod stock;
pub(crate) mod terms;
pub(crate) mod text;
pub(crate) mod wish;
