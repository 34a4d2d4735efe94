//! Pure rules.

pub(crate) mod audit_chain;
pub(crate) mod webhooks;
