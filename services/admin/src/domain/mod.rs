//! Rules and arithmetic, without any I/O.

pub(crate) mod audit_chain;
pub(crate) mod cohorts;
pub(crate) mod dead_letters;
pub(crate) mod diff;
pub(crate) mod notifications;
pub(crate) mod offers;
pub(crate) mod query;
pub(crate) mod sales;
pub(crate) mod settings;
pub(crate) mod span;
pub(crate) mod tax_check;
pub(crate) mod text;
pub(crate) mod threads;
pub(crate) mod timeline;
pub(crate) mod waiting;
pub(crate) mod webhooks;
