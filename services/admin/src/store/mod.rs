//! The panel's own database: the only place with SQL that writes.

pub(crate) mod analytics;
pub(crate) mod analytics_pages;
pub(crate) mod analytics_proof;
pub(crate) mod audit;
pub(crate) mod audit_rows;
pub(crate) mod home;
pub(crate) mod idempotency;
pub(crate) mod messages;
pub(crate) mod notifications;
pub(crate) mod seller_sales;
pub(crate) mod settings;
pub(crate) mod stock_values;
pub(crate) mod user_notifications;
pub(crate) mod views;
pub(crate) mod webhooks;
