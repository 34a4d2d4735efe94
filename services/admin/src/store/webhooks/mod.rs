//! Endpoints of third parties, what they are to be told, and what came of it.

pub(crate) mod deliveries;
pub(crate) mod endpoints;
pub(crate) mod log;
pub(crate) mod work;
