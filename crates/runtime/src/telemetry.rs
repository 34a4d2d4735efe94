use std::time::Duration;

use anyhow::Context as _;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::WithExportConfig as _;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, fmt};

use crate::settings::{CommonSettings, LogFormat};
use crate::sql_stats::SqlStatsLayer;

/// Keeps the exporter of traces alive.
pub(crate) struct Telemetry(Option<SdkTracerProvider>);

impl Telemetry {
    /// Sends what is left.
    pub(crate) fn flush(self) {
        if let Some(provider) = self.0
            && let Err(error) = provider.shutdown_with_timeout(Duration::from_secs(2))
        {
            tracing::warn!(%error, "traces were lost at shutdown");
        }
    }
}

/// Logs to standard output, and sends traces where an endpoint is set. Process-wide.
pub(crate) fn install(name: &'static str, settings: &CommonSettings) -> anyhow::Result<Telemetry> {
    let provider = settings.otlp_endpoint.as_deref().map(|endpoint| exporter(name, endpoint)).transpose()?;
    let filter = EnvFilter::try_new(&settings.log).with_context(|| format!("LOG: {:?} is not a log filter", settings.log))?;
    let logs = match settings.log_format {
        LogFormat::Json => fmt::layer().json().flatten_event(true).with_current_span(false).with_span_list(false).boxed(),
        LogFormat::Pretty => fmt::layer().with_ansi(false).boxed(),
    };
    let traces = provider.as_ref().map(|provider| {
        // The exporter's own HTTP client must not be traced, or every export would make another.
        let targets = Targets::new().with_default(LevelFilter::INFO).with_target("reqwest", LevelFilter::OFF).with_target("hyper", LevelFilter::OFF);
        tracing_opentelemetry::layer().with_tracer(provider.tracer(name)).with_filter(targets)
    });
    tracing_subscriber::registry()
        .with(logs.with_filter(filter))
        .with(SqlStatsLayer.with_filter(Targets::new().with_target("sqlx::query", LevelFilter::DEBUG)))
        .with(traces)
        .try_init()
        .context("logs are already set up")?;
    Ok(Telemetry(provider))
}

fn exporter(name: &'static str, endpoint: &str) -> anyhow::Result<SdkTracerProvider> {
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
        .with_timeout(Duration::from_secs(5))
        .build()
        .context("OTEL_EXPORTER_OTLP_ENDPOINT")?;
    let resource = Resource::builder().with_service_name(format!("mercato-{name}")).build();
    Ok(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build())
}
