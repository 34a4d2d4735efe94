use std::net::SocketAddr;
use std::time::Duration;

use crate::Drain;

/// The settings that every service has. Put it into a service's own settings with `#[command(flatten)]`.
#[derive(clap::Args, Clone, Debug)]
pub struct CommonSettings {
    /// Where to listen for what nginx routes here, such as `127.0.0.1:8004`.
    #[arg(long, env)]
    pub public_addr: Option<SocketAddr>,

    /// Where to listen for other services, probes and Prometheus; never routed by nginx.
    #[arg(long, env)]
    pub internal_addr: SocketAddr,

    /// What to log, in the syntax of tracing-subscriber's EnvFilter. The broker's client is silenced: each outage is told
    /// once by whoever it stops.
    #[arg(long, env, default_value = "info,lapin=off")]
    pub log: String,

    /// How to log.
    #[arg(long, env, value_enum, default_value_t = LogFormat::Json)]
    pub log_format: LogFormat,

    /// Where to send traces by OTLP over HTTP, such as `http://127.0.0.1:4318`; none are sent without it.
    #[arg(long, env)]
    pub otel_exporter_otlp_endpoint: Option<url::Url>,

    /// How long requests and tasks may take to finish after a signal to stop.
    #[arg(long, env, default_value_t = 25)]
    pub shutdown_timeout_seconds: u64,

    /// How long to accept requests still, though no longer ready, after a signal to stop.
    #[arg(long, env, default_value_t = 500)]
    pub lame_duck_milliseconds: u64,

    /// Share the ports with another process of the same user (SO_REUSEPORT), so that a new release starts before the old one stops.
    #[arg(long, env, default_value_t = false, action = clap::ArgAction::Set)]
    pub reuse_port: bool,

    /// What the shop is called, until staff say otherwise in the panel.
    #[arg(long, env, default_value = "Mercato")]
    pub shop_name: String,

    /// admin's internal API: where the shop's settings are read.
    #[arg(long, env, default_value = "http://127.0.0.1:9000")]
    pub admin_internal_url: String,

    /// Tell the number of SQL statements of each request in a `Server-Timing` header.
    #[arg(long, env, default_value_t = false, action = clap::ArgAction::Set)]
    pub server_timing: bool,
}

impl CommonSettings {
    /// Settings for a service inside a test's process: any free port, quiet, no lame duck.
    pub fn for_tests() -> Self {
        let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
        Self {
            public_addr: Some(any_port),
            internal_addr: any_port,
            log: "warn".into(),
            log_format: LogFormat::Pretty,
            otel_exporter_otlp_endpoint: None,
            shutdown_timeout_seconds: 10,
            lame_duck_milliseconds: 0,
            reuse_port: false,
            shop_name: "Mercato".into(),
            // Nobody listens there.
            admin_internal_url: "http://127.0.0.1:9".into(),
            server_timing: true,
        }
    }

    /// The times of an orderly end.
    pub fn drain(&self) -> Drain {
        Drain {
            lame_duck: Duration::from_millis(self.lame_duck_milliseconds),
            timeout: Duration::from_secs(self.shutdown_timeout_seconds),
        }
    }
}

/// How log lines look.
#[derive(clap::ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line, for machines.
    Json,
    /// For people.
    Pretty,
}
