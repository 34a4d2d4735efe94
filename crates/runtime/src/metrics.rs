use axum::Router;
use axum::routing::get;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

/// Starts to record metrics, process-wide. `None` when another part of the process already does (as in tests).
pub(crate) fn install() -> Option<PrometheusHandle> {
    let recorder = PrometheusBuilder::new()
        .set_buckets(&[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0])
        .ok()?
        .build_recorder();
    let handle = recorder.handle();
    ::metrics::set_global_recorder(recorder).ok()?;
    Some(handle)
}

pub(crate) fn routes(handle: Option<PrometheusHandle>) -> Router {
    Router::new().route(
        "/metrics",
        get(async move || {
            let text = handle.map(|handle| {
                handle.run_upkeep();
                handle.render()
            });
            ([("content-type", "text/plain; version=0.0.4")], text.unwrap_or_default())
        }),
    )
}
