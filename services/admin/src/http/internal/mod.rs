//! For other services.

pub(super) mod export;
