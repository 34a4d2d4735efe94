//! Drives the stand-in with `async-stripe`'s own client, so that every answer is parsed by its strict types.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod faults;
mod idempotency;
mod money;
mod more;
mod state;
mod support;
mod webhooks;
