//! The whole shop as processes on this machine.

pub(crate) mod broker;
pub(crate) mod certificate;
pub(crate) mod follow;
pub(crate) mod nginx;
pub(crate) mod place;
pub(crate) mod plan;
pub(crate) mod progress;
pub(crate) mod running;
pub(crate) mod scripts;
pub(crate) mod secrets;
pub(crate) mod settings;
pub(crate) mod state;
pub(crate) mod supervise;
pub(crate) mod test_tools;
