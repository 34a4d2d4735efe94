//! Operations of several steps on the panel's own database: each owns its transaction. What staff change here is written with its row of the
//! audit log or not at all.

pub mod analytics;
pub(crate) mod audit;
pub(crate) mod change_settings;
pub(crate) mod dead_letters;
pub(crate) mod idempotency;
pub(crate) mod messages;
pub(crate) mod verify_audit;
pub(crate) mod webhooks;
