//! Logs, traces and metrics of the process.

use std::io::IsTerminal;
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::Context;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use crate::{CommonSettings, LogFormat, sql_stats};

/// Keeps what must be sent before the process ends.
pub struct Telemetry(SdkTracerProvider);

impl Telemetry {
    /// Sends the spans that have not been sent yet, for a few seconds at most.
    pub fn flush(self) {
        if let Err(error) = self.0.shutdown_with_timeout(Duration::from_secs(3)) {
            tracing::debug!(%error, "traces may be lost");
        }
    }
}

/// Starts logging to standard output, tracing, and metrics. Call it once, before the async runtime starts.
pub fn init(service: &'static str, settings: &CommonSettings) -> anyhow::Result<Telemetry> {
    metrics();
    let filter = EnvFilter::try_new(&settings.log).context("LOG is not a filter")?;
    let provider = tracer_provider(service, settings)?;
    let format = match settings.log_format {
        LogFormat::Json => tracing_subscriber::fmt::layer()
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .with_current_span(true)
            .boxed(),
        LogFormat::Pretty => tracing_subscriber::fmt::layer()
            .compact()
            .with_ansi(std::io::stdout().is_terminal())
            .boxed(),
    };
    // Spans are made even when none are sent: their trace ids go into logs, events and calls all the same.
    let spans = Targets::new()
        .with_default(LevelFilter::INFO)
        .with_target("sqlx", LevelFilter::OFF);
    let tracer = tracing_opentelemetry::layer()
        .with_location(false)
        .with_threads(false)
        .with_tracer(provider.tracer(service))
        .with_filter(spans);
    tracing_subscriber::registry()
        .with(sql_stats::layer())
        .with(tracer)
        .with(format.with_filter(filter))
        .try_init()
        .context("logging was started before")?;
    Ok(Telemetry(provider))
}

/// Starts the counting of statements, traces and warnings for a test's process; harmless when called again.
pub fn init_for_tests() {
    metrics();
    let provider = SdkTracerProvider::builder().build();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    let tracer = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("test"))
        .with_filter(LevelFilter::INFO);
    let _already_done = tracing_subscriber::registry()
        .with(sql_stats::layer())
        .with(tracer)
        .with(
            tracing_subscriber::fmt::layer()
                .with_test_writer()
                .with_filter(filter),
        )
        .try_init();
}

fn tracer_provider(
    service: &'static str,
    settings: &CommonSettings,
) -> anyhow::Result<SdkTracerProvider> {
    let resource = Resource::builder().with_service_name(service).build();
    let builder = SdkTracerProvider::builder().with_resource(resource);
    let Some(endpoint) = &settings.otel_exporter_otlp_endpoint else {
        return Ok(builder.build());
    };
    let endpoint = format!("{}/v1/traces", endpoint.as_str().trim_end_matches('/'));
    let exporter = SpanExporter::builder()
        .with_http()
        .with_endpoint(endpoint)
        .with_timeout(Duration::from_secs(3))
        .build()
        .context("OTEL_EXPORTER_OTLP_ENDPOINT")?;
    Ok(builder.with_batch_exporter(exporter).build())
}

/// The process's metrics. One recorder for the process: apps that share a test's process share it.
pub(crate) fn metrics() -> &'static PrometheusHandle {
    static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
    HANDLE.get_or_init(|| {
        // Buckets rather than quantiles, so that replicas can be added up.
        let buckets = [
            0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
        ];
        let builder = PrometheusBuilder::new();
        let recorder = builder
            .set_buckets(&buckets)
            .unwrap_or_default()
            .build_recorder();
        let handle = recorder.handle();
        let _another_recorder = ::metrics::set_global_recorder(recorder);
        handle
    })
}
