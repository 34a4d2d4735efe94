pub(crate) mod delete;
pub(crate) mod list;
