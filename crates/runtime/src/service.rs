use std::future::Future;

use crate::{CommonSettings, Runtime};

/// One of Mercato's processes.
pub trait Service: Sized + Send + Sync + 'static {
    /// The name in logs, traces and the command line: `order`.
    const NAME: &'static str;

    /// Every setting, each with `long` and `env`; has `#[command(flatten)] common: CommonSettings`.
    type Settings: clap::Args + Clone + Send + Sync + 'static;

    /// The settings that all services share.
    fn common(settings: &Self::Settings) -> &CommonSettings;

    /// The OpenAPI document as pretty JSON, made without any I/O; `None` for a worker.
    fn openapi() -> Option<String>;

    /// What is wrong with settings that are each well-formed but do not fit together; for `check-config` and `serve`.
    fn check(_settings: &Self::Settings) -> Vec<String> {
        Vec::new()
    }

    /// Brings the database's tables up to date, as the owner role.
    fn migrate(settings: Self::Settings) -> impl Future<Output = anyhow::Result<()>> + Send;

    /// Connects, spawns background tasks on the [`Runtime`], and answers what to listen with.
    fn start(
        settings: Self::Settings,
        rt: &mut Runtime,
    ) -> impl Future<Output = anyhow::Result<Listeners>> + Send;

    /// Subcommands of this service alone, such as `auth generate-service-keys`.
    fn commands() -> Vec<clap::Command> {
        Vec::new()
    }

    /// Runs one of [`Service::commands`].
    fn run_command(name: &str, _args: &clap::ArgMatches) -> anyhow::Result<()> {
        anyhow::bail!("{} has no subcommand {name}", Self::NAME)
    }
}

/// The routes of a service. The runtime adds `/health` to the public ones, and `/health/live`, `/health/ready` and `/metrics`
/// to the internal ones.
pub struct Listeners {
    /// What nginx routes to; `None` for a worker.
    pub public: Option<axum::Router>,
    /// What other services and operators call; never routed by nginx.
    pub internal: axum::Router,
}
