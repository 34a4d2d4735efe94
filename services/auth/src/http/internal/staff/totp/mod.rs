pub(crate) mod confirm;
pub(crate) mod remove;
pub(crate) mod start;
