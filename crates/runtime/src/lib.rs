//! What every Mercato process does around its own work: settings, logs, traces, metrics, health, listeners and a graceful end.
//!
//! A service implements [`Service`] and its `main` is one line: `runtime::main::<order::App>()`.
//!
//! Must never enter: HTTP semantics (those are `http-kit`'s), anything about one service, business words.

mod check;
mod cli;
pub mod fault;
mod health;
mod lifecycle;
pub mod live;
pub mod pg;
mod secrets;
mod service;
mod settings;
pub mod sql_stats;
pub mod telemetry;
pub mod trace;

pub use cli::{main, with_settings};
pub use lifecycle::{Drain, Runtime, Sockets, listen, run};
pub use service::{Listeners, Service};
pub use settings::{CommonSettings, LogFormat};

pub use clap;
pub use tokio_util::sync::CancellationToken;

/// Makes ring the process's TLS provider; every call after the first does nothing.
pub fn install_tls_provider() {
    let _already_installed = rustls::crypto::ring::default_provider().install_default();
}
