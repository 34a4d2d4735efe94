//! For other services.

pub(super) mod export;
pub(super) mod settings;
