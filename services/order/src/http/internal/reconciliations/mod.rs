//! Comparisons with the payment provider.

pub(crate) mod differences;
pub(crate) mod list;
pub(crate) mod start;
