pub(crate) mod delete;
pub(crate) mod export;
pub(crate) mod show;
pub(crate) mod update;
