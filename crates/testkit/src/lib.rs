//! What tests of several crates need: databases that start fast, an HTTP client that says what it got, servers in process,
//! and peers that misbehave on demand. Dev only: nothing here is ever part of a service.
//!
//! Tests wait for events with [`eventually`], never for time to pass. They get `DATABASE_URL` (superuser of the test
//! cluster, where `db/init` has run), `REDIS_URL`, `AMQP_URL` and `RABBITMQ_MANAGEMENT_URL` from the environment;
//! `cargo xtask test` sets them, and outside of it the root `.env` does.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

pub mod authorisation;
pub mod broker;
pub mod env;
pub mod exchange;
pub mod http;
mod otlp;
pub mod passkey;
pub mod pg;
mod proxy;
mod serve;
mod wait;

pub use otlp::OtlpSink;
pub use proxy::{Fault, TcpProxy};
pub use serve::{Served, serve};
pub use wait::{eventually, eventually_within};
