use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};

type Check = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send>> + Send + Sync>;

/// Whether the process should get traffic.
#[derive(Clone, Default)]
pub(crate) struct Health {
    checks: Vec<(&'static str, Check)>,
    draining: Arc<AtomicBool>,
}

impl Health {
    pub(crate) fn add<F, Fut>(&mut self, name: &'static str, check: F)
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        self.checks.push((name, Arc::new(move || Box::pin(check()))));
    }

    /// From now on the process says that it is not ready.
    pub(crate) fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    pub(crate) fn routes(self) -> Router {
        Router::new()
            .route("/health/live", get(async || Json(serde_json::json!({"status": "live"}))))
            .route("/health/ready", get(ready))
            .with_state(self)
    }
}

async fn ready(State(health): State<Health>) -> (StatusCode, Json<serde_json::Value>) {
    let mut checks = BTreeMap::new();
    let mut ready = !health.draining.load(Ordering::Relaxed);
    for (name, check) in &health.checks {
        // What exactly is wrong is for the log; the answer only names the part.
        let ok = match tokio::time::timeout(Duration::from_secs(1), check()).await {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                tracing::warn!(check = name, error = format!("{error:#}"), "not ready");
                false
            }
            Err(_) => {
                tracing::warn!(check = name, "not ready: no answer within a second");
                false
            }
        };
        ready &= ok;
        checks.insert(*name, if ok { "ok" } else { "failing" });
    }
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(serde_json::json!({"status": if ready { "ready" } else { "not_ready" }, "checks": checks})))
}
