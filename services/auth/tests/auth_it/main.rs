//! The auth service as a client sees it: over HTTP, against a real PostgreSQL and a real Redis.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on should say where"
)]

mod addresses;
mod api_keys;
mod authorisation;
mod claims;
mod deletion;
mod devices;
mod document;
mod email_change;
mod enumeration;
mod export;
mod federation;
mod flood;
mod foreign;
mod grants;
mod internal;
mod issuer;
mod limits;
mod panel;
mod passkeys;
mod passwords;
mod process;
mod real_provider;
mod recovery;
mod redis_away;
mod register;
mod revocation;
mod second_factor;
mod sessions;
mod sign_in;
mod staff;
mod staff_acts;
mod step_up;
mod support;
