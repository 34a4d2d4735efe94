//! What the panel asks besides databases and services.

pub(crate) mod broker;
pub(crate) mod health;
pub(crate) mod webhooks;
