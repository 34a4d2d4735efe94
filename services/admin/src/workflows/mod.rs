//! Operations of several steps on the panel's own database: each owns its transaction.

pub(crate) mod verify_audit;
