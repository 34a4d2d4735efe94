//! What every service process does the same way: settings from the environment, logs, traces and metrics, health,
//! listeners, background tasks, and a shutdown that fails no request.
//!
//! Must never enter: HTTP conventions (`http-kit`), who the caller is (`auth-token`), events (`messaging`), any business rule.
//!
//! A service implements [`Service`]; its `main` is one line:
//!
//! ```ignore
//! fn main() -> std::process::ExitCode {
//!     runtime::main::<order::App>()
//! }
//! ```

mod cli;
mod health;
mod lifecycle;
mod metrics;
pub mod pg;
pub mod secrets;
mod serve;
mod settings;
pub mod sql_stats;
mod telemetry;
pub mod trace;

pub use cli::{Subcommand, main};
pub use lifecycle::Runtime;
pub use settings::CommonSettings;

use std::future::Future;

/// One service program.
pub trait Service: Sized + Send + Sync + 'static {
    /// The name in logs, traces and metrics, such as `order`.
    const NAME: &'static str;

    /// All settings, from the environment; flattens [`CommonSettings`].
    type Settings: clap::Args + Clone + Send + Sync;

    /// Subcommands of its own besides the common ones; [`NoSubcommand`] for none.
    type Extra: Subcommand;

    /// The settings that every service has.
    fn common(settings: &Self::Settings) -> &CommonSettings;

    /// The OpenAPI document as pretty JSON, made without any I/O; `None` for a service without a REST API.
    fn openapi() -> Option<String> {
        None
    }

    /// What is wrong with settings that are each well-formed: the complaints of `check-config`.
    fn check(_settings: &Self::Settings) -> Vec<String> {
        Vec::new()
    }

    /// Brings the database to the newest schema, as its owner.
    fn migrate(settings: Self::Settings) -> impl Future<Output = anyhow::Result<()>> + Send;

    /// Builds everything and says what to listen with; background tasks go to `runtime`.
    fn start(settings: Self::Settings, runtime: &mut Runtime) -> impl Future<Output = anyhow::Result<Listeners>> + Send;
}

/// What a service answers on its two ports. Health and metrics are added to them.
pub struct Listeners {
    /// Where nginx routes to; `None` for a worker.
    pub public: Option<axum::Router>,
    /// For other services, probes and Prometheus.
    pub internal: axum::Router,
}

/// No subcommand besides the common ones.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum NoSubcommand {}

impl Subcommand for NoSubcommand {
    fn run(self) -> anyhow::Result<()> {
        match self {}
    }
}
