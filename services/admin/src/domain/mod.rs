//! Rules and arithmetic, without any I/O.

pub(crate) mod audit_chain;
pub(crate) mod cohorts;
pub(crate) mod sales;
pub(crate) mod webhooks;
