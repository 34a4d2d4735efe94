//! `/api/webhooks`.

pub(crate) mod stripe;
