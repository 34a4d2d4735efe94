use std::net::SocketAddr;

/// The settings that every service has.
#[derive(Debug, Clone, clap::Args)]
pub struct CommonSettings {
    /// Address and port that nginx routes to. A worker has none.
    #[arg(long, env = "PUBLIC_ADDR")]
    pub public_addr: Option<SocketAddr>,
    /// Address and port for other services, probes and metrics; never routed to from outside.
    #[arg(long, env = "INTERNAL_ADDR", default_value = "127.0.0.1:9000")]
    pub internal_addr: SocketAddr,
    /// Which logs to write, as `level` or `target=level,…`.
    #[arg(long, env = "LOG", default_value = "info")]
    pub log: String,
    /// How logs look.
    #[arg(long, env = "LOG_FORMAT", value_enum, default_value_t = LogFormat::Json)]
    pub log_format: LogFormat,
    /// Where to send traces (OTLP over HTTP, such as http://127.0.0.1:4318); none are made without it.
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT")]
    pub otlp_endpoint: Option<String>,
    /// How long a shutdown waits for requests and tasks under way.
    #[arg(long, env = "SHUTDOWN_TIMEOUT_SECONDS", default_value_t = 25)]
    pub shutdown_timeout_seconds: u64,
    /// How long to go on accepting requests after readiness has turned to "no", so that load balancers notice first.
    #[arg(long, env = "LAME_DUCK_MILLISECONDS", default_value_t = 500)]
    pub lame_duck_milliseconds: u64,
    /// Whether answers tell how many SQL statements they took (`Server-Timing`); for development and tests.
    #[arg(long, env = "SERVER_TIMING", default_value_t = false, action = clap::ArgAction::Set)]
    pub server_timing: bool,
}

/// How logs look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Pretty,
}
