//! The panel's own database: the only place with SQL that writes.

pub(crate) mod audit;
pub(crate) mod notifications;
pub(crate) mod views;
pub(crate) mod webhooks;
