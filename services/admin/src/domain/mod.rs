//! Pure rules.

pub(crate) mod audit_chain;
