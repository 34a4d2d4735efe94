//! The whole worker against a real database, a real broker and a real SMTP peer.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod delivery;
mod grants;
mod leaving;
mod resend;
mod world;
