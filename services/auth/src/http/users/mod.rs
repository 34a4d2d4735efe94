pub(crate) mod list;
pub(crate) mod reset_mfa;
pub(crate) mod update;
