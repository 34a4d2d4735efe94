use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use futures::future::{BoxFuture, join_all};

use crate::telemetry;

/// One thing that must work for this process to be of use.
pub(crate) struct ReadyCheck {
    pub(crate) name: &'static str,
    pub(crate) run: Box<dyn Fn() -> BoxFuture<'static, anyhow::Result<()>> + Send + Sync>,
}

/// What the probes look at.
#[derive(Clone)]
pub(crate) struct Health {
    pub(crate) checks: Arc<Vec<ReadyCheck>>,
    pub(crate) draining: Arc<AtomicBool>,
}

impl Health {
    pub(crate) fn public(&self, router: Router) -> Router {
        self.closing(
            router.merge(
                Router::new()
                    .route("/health", get(ready))
                    .with_state(self.clone()),
            ),
        )
    }

    pub(crate) fn internal(&self, router: Router) -> Router {
        let probes = Router::new()
            .route(
                "/health/live",
                get(async || Json(serde_json::json!({"status": "live"}))),
            )
            .route("/health/ready", get(ready))
            .route("/metrics", get(metrics))
            .with_state(self.clone());
        self.closing(router.merge(probes))
    }

    /// While draining, each answer asks the client to close its connection, so that none is idle when the listener goes.
    fn closing(&self, router: Router) -> Router {
        router.layer(axum::middleware::from_fn_with_state(
            self.clone(),
            close_when_draining,
        ))
    }
}

async fn close_when_draining(
    State(health): State<Health>,
    request: Request,
    next: Next,
) -> Response {
    let mut response = next.run(request).await;
    if health.draining.load(Ordering::Relaxed) {
        response
            .headers_mut()
            .insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// The causes are logged, not told: this answer is public.
async fn ready(State(health): State<Health>) -> Response {
    let pid = std::process::id();
    if health.draining.load(Ordering::Relaxed) {
        let body = Json(serde_json::json!({"status": "stopping", "pid": pid}));
        return (StatusCode::SERVICE_UNAVAILABLE, body).into_response();
    }
    let results = join_all(health.checks.iter().map(async |check| {
        let outcome = tokio::time::timeout(Duration::from_secs(2), (check.run)()).await;
        let outcome =
            outcome.unwrap_or_else(|_| Err(anyhow::anyhow!("no answer within two seconds")));
        if let Err(error) = &outcome {
            tracing::warn!(
                check = check.name,
                error = format!("{error:#}"),
                "not ready"
            );
        }
        (check.name, outcome.is_ok())
    }))
    .await;
    let ready = results.iter().all(|(_, ok)| *ok);
    let checks: serde_json::Map<_, _> = results
        .into_iter()
        .map(|(name, ok)| (name.to_owned(), ok.into()))
        .collect();
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let word = if ready { "ready" } else { "unready" };
    (
        status,
        Json(serde_json::json!({"status": word, "pid": pid, "checks": checks})),
    )
        .into_response()
}

async fn metrics() -> Response {
    let text = telemetry::metrics().render();
    (
        [(
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        )],
        text,
    )
        .into_response()
}
