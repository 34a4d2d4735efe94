//! The auth service as a client sees it: over HTTP, against a real PostgreSQL and a real Redis.

mod addresses;
mod document;
mod grants;
mod internal;
mod recovery;
mod register;
mod revocation;
mod sessions;
mod sign_in;
mod staff;
mod support;
