use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use axum::routing::get;
use axum::{Json, Router};
use primitives::{Clock, Random};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::{Listeners, Runtime, Service, metrics, telemetry};

/// Runs the service until a signal. The first SIGTERM or SIGINT drains: readiness says no, a moment later the listeners
/// close, requests under way finish, background tasks end, telemetry is flushed. The second ends the process at once.
pub(crate) fn serve<S: Service>(settings: S::Settings) -> anyhow::Result<()> {
    let common = S::common(&settings).clone();
    // Before the async runtime: the exporter of traces has a blocking client of its own.
    let telemetry = telemetry::install(S::NAME, &common)?;
    let metrics = metrics::install();
    let outcome = tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let mut runtime = Runtime::new(Clock::system(), Random::system());
        let mut interrupts = Interrupts::new()?;
        let listeners = tokio::select! {
            listeners = S::start(settings, &mut runtime) => listeners.context("cannot start")?,
            () = interrupts.next() => return Ok(()),
        };
        let Listeners { public, internal } = listeners;
        let internal = internal.merge(runtime.health.clone().routes()).merge(metrics::routes(metrics));

        let close = CancellationToken::new();
        let mut servers = tokio::task::JoinSet::new();
        servers.spawn(listen(bind(common.internal_addr).await?, internal, close.clone()));
        if let Some(public) = public {
            let address = common.public_addr.context("PUBLIC_ADDR is not set")?;
            let health = get(async || Json(serde_json::json!({"status": "ok"})));
            servers.spawn(listen(bind(address).await?, public.route("/health", health), close.clone()));
            tracing::info!(public = %address, internal = %common.internal_addr, "listening");
        } else {
            tracing::info!(internal = %common.internal_addr, "listening");
        }

        let failed = tokio::select! {
            () = interrupts.next() => false,
            () = runtime.shutdown().cancelled_owned() => true,
        };
        tracing::info!("draining");
        runtime.health.drain();
        let timeout = Duration::from_secs(common.shutdown_timeout_seconds);
        let drained = async {
            tokio::time::sleep(Duration::from_millis(common.lame_duck_milliseconds)).await;
            close.cancel();
            let finish = async { while servers.join_next().await.is_some() {} };
            if tokio::time::timeout(timeout, finish).await.is_err() {
                tracing::warn!("requests were still under way after {timeout:?}");
            }
            runtime.stop(timeout).await
        };
        tokio::select! {
            stopped = drained => stopped?,
            () = interrupts.next() => anyhow::bail!("stopped by a second signal"),
        }
        anyhow::ensure!(!failed, "a background task ended; see the log");
        Ok(())
    });
    telemetry.flush();
    outcome
}

async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))
}

async fn listen(listener: TcpListener, router: Router, close: CancellationToken) -> std::io::Result<()> {
    axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(close.cancelled_owned())
        .await
}

struct Interrupts {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

impl Interrupts {
    fn new() -> anyhow::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
