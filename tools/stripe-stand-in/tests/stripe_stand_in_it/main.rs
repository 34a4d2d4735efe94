//! Drives the stand-in with `async-stripe`'s own client, so that every answer is parsed by its strict types.

mod faults;
mod idempotency;
mod money;
mod state;
mod support;
mod webhooks;
