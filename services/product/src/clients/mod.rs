//! The other services, through their internal APIs.

pub(crate) mod auth;
