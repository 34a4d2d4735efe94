//! Others that are asked over the network. Never inside a transaction.

pub(crate) mod identity_provider;
pub(crate) mod provider_http;
