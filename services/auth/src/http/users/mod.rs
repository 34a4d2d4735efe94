pub(crate) mod end_sessions;
pub(crate) mod list;
pub(crate) mod reset_mfa;
pub(crate) mod show;
pub(crate) mod update;
