use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use primitives::{Clock, Random};
use sqlx::PgPool;
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::health::{Health, ReadyCheck};
use crate::{CommonSettings, Listeners};

/// What a service is given to start with: time, randomness, and a place for its background tasks.
pub struct Runtime {
    clock: Clock,
    random: Random,
    shutdown: CancellationToken,
    draining: CancellationToken,
    tasks: JoinSet<(&'static str, anyhow::Result<()>)>,
    checks: Vec<ReadyCheck>,
}

impl Runtime {
    /// A runtime without tasks.
    pub fn new(clock: Clock, random: Random) -> Self {
        Self {
            clock,
            random,
            shutdown: CancellationToken::new(),
            draining: CancellationToken::new(),
            tasks: JoinSet::new(),
            checks: Vec::new(),
        }
    }

    /// Runs a task until the service stops. The task ends by itself when the token it is given is cancelled; it is awaited.
    /// A task that ends earlier, or panics, stops the service, because a service without it only seems to work.
    pub fn spawn<F, Fut, O>(&mut self, name: &'static str, task: F)
    where
        F: FnOnce(CancellationToken) -> Fut,
        Fut: Future<Output = O> + Send + 'static,
        O: TaskOutcome,
    {
        let future = task(self.shutdown.clone());
        let future = async move { (name, future.await.outcome()) };
        self.tasks
            .spawn(future.instrument(tracing::info_span!(parent: None, "task", task = name)));
    }

    /// Adds a condition for `/health/ready`.
    pub fn ready_check<F, Fut>(&mut self, name: &'static str, check: F)
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        self.checks.push(ReadyCheck {
            name,
            run: Box::new(move || Box::pin(check())),
        });
    }

    /// Opens the connections of the service's database now, and is ready only while it answers.
    pub fn database(&mut self, pool: &PgPool) {
        tokio::spawn(crate::pg::fill(pool.clone()));
        let pool = pool.clone();
        self.ready_check("database", move || crate::pg::answers(pool.clone()));
    }

    /// Cancelled when background tasks must end: after the last request was answered.
    pub fn shutdown(&self) -> CancellationToken {
        self.shutdown.clone()
    }

    /// Cancelled when the listeners stop accepting: answers without an end (`text/event-stream`) must end now.
    pub fn draining(&self) -> CancellationToken {
        self.draining.clone()
    }

    /// Where the time comes from.
    pub fn clock(&self) -> Clock {
        self.clock.clone()
    }

    /// Where randomness comes from.
    pub fn random(&self) -> Random {
        self.random.clone()
    }
}

/// What a background task may return.
pub trait TaskOutcome: Send + 'static {
    /// As a result.
    fn outcome(self) -> anyhow::Result<()>;
}

impl TaskOutcome for () {
    fn outcome(self) -> anyhow::Result<()> {
        Ok(())
    }
}

impl<E: Into<anyhow::Error> + Send + 'static> TaskOutcome for Result<(), E> {
    fn outcome(self) -> anyhow::Result<()> {
        self.map_err(Into::into)
    }
}

/// The times of an orderly end.
#[derive(Clone, Copy, Debug)]
pub struct Drain {
    /// How long to accept still, though no longer ready.
    pub lame_duck: Duration,
    /// How long requests and tasks may then take.
    pub timeout: Duration,
}

/// The bound sockets of a service.
pub struct Sockets {
    /// For what nginx routes.
    pub public: Option<TcpListener>,
    /// For services, probes and Prometheus.
    pub internal: TcpListener,
}

/// Binds the sockets of the settings, before anything slow, so that a taken port is told at once.
pub(crate) async fn bind(settings: &CommonSettings) -> anyhow::Result<Sockets> {
    let public = match settings.public_addr {
        Some(addr) => Some(listen(addr, settings.reuse_port).context("PUBLIC_ADDR")?),
        None => None,
    };
    Ok(Sockets {
        public,
        internal: listen(settings.internal_addr, settings.reuse_port).context("INTERNAL_ADDR")?,
    })
}

/// Binds one socket.
pub fn listen(addr: SocketAddr, reuse_port: bool) -> anyhow::Result<TcpListener> {
    let socket = if addr.is_ipv4() {
        TcpSocket::new_v4()
    } else {
        TcpSocket::new_v6()
    }?;
    socket.set_reuseaddr(true)?;
    if reuse_port {
        socket.set_reuseport(true)?;
    }
    socket
        .bind(addr)
        .with_context(|| format!("cannot listen on {addr}"))?;
    Ok(socket.listen(1024)?)
}

/// Serves until `soft` is cancelled, then ends in order: not ready, a lame duck, no more connections, answers finished, tasks
/// finished. `hard` ends all of it at once.
pub async fn run(
    mut rt: Runtime,
    listeners: Listeners,
    sockets: Sockets,
    drain: Drain,
    soft: CancellationToken,
    hard: CancellationToken,
) -> anyhow::Result<()> {
    let draining = Arc::new(AtomicBool::new(false));
    let health = Health {
        checks: Arc::new(std::mem::take(&mut rt.checks)),
        draining: draining.clone(),
    };
    // Samples pile up until somebody reads the metrics, or this puts them into their buckets.
    let upkeep = tokio::spawn(async {
        let mut timer = tokio::time::interval(Duration::from_secs(5));
        loop {
            timer.tick().await;
            crate::telemetry::metrics().run_upkeep();
        }
    });
    let _upkeep = tokio_util::task::AbortOnDropHandle::new(upkeep);
    let mut servers = JoinSet::new();
    // The internal listener outlives the public one: probes and other services' calls that finish our requests still work.
    let (stop_public, stop_internal) = (rt.draining.clone(), CancellationToken::new());
    match (listeners.public, sockets.public) {
        (Some(router), Some(socket)) => {
            tracing::info!(addr = %socket.local_addr()?, "public listener");
            servers.spawn(serve(socket, health.public(router), stop_public));
        }
        (None, _) => {}
        (Some(_), None) => anyhow::bail!("PUBLIC_ADDR is not set"),
    }
    tracing::info!(addr = %sockets.internal.local_addr()?, "internal listener");
    let mut internal = JoinSet::new();
    internal.spawn(serve(
        sockets.internal,
        health.internal(listeners.internal),
        stop_internal.clone(),
    ));

    let early_end = tokio::select! {
        () = soft.cancelled() => None,
        Some(ended) = rt.tasks.join_next() => Some(ended),
    };
    draining.store(true, Ordering::Relaxed);
    let ordered = async {
        tracing::info!("stopping");
        if early_end.is_none() {
            tokio::time::sleep(drain.lame_duck).await;
        }
        let deadline = Instant::now() + drain.timeout;
        rt.draining.cancel();
        let answered = tokio::time::timeout_at(deadline, async {
            while servers.join_next().await.is_some() {}
        })
        .await;
        rt.shutdown.cancel();
        let finished = tokio::time::timeout_at(deadline, async {
            while let Some(ended) = rt.tasks.join_next().await {
                if let Err(error) = outcome(ended, true) {
                    tracing::error!(error = format!("{error:#}"), "a task failed while stopping");
                }
            }
        })
        .await;
        stop_internal.cancel();
        let grace = deadline.max(Instant::now() + Duration::from_millis(200));
        let closed = tokio::time::timeout_at(grace, async {
            while internal.join_next().await.is_some() {}
        })
        .await;
        if answered.is_err() || finished.is_err() || closed.is_err() {
            tracing::warn!("stopped with work unfinished: the time to stop was over");
        } else {
            tracing::info!("stopped");
        }
    };
    tokio::select! {
        () = ordered => {}
        () = hard.cancelled() => tracing::warn!("stopped at once"),
    }
    early_end.map_or(Ok(()), |ended| outcome(ended, false))
}

fn outcome(
    ended: Result<(&'static str, anyhow::Result<()>), tokio::task::JoinError>,
    stopping: bool,
) -> anyhow::Result<()> {
    match ended {
        Ok((_, Ok(()))) if stopping => Ok(()),
        Ok((name, Ok(()))) => anyhow::bail!("the background task {name} ended"),
        Ok((name, Err(error))) => Err(error.context(format!("the background task {name} failed"))),
        Err(error) => Err(anyhow::Error::new(error).context("a background task panicked")),
    }
}

async fn serve(socket: TcpListener, router: Router, stop: CancellationToken) {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let served = axum::serve(socket, service)
        .with_graceful_shutdown(stop.cancelled_owned())
        .await;
    if let Err(error) = served {
        tracing::error!(%error, "a listener failed");
    }
}

#[cfg(test)]
mod tests;
