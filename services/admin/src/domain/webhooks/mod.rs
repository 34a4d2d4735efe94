//! What is told to third parties: where it may go, how it is signed, what it contains, and when it is tried again.

pub(crate) mod address;
pub(crate) mod message;
pub(crate) mod schedule;
pub(crate) mod signature;
pub(crate) mod target;
