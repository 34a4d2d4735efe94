use std::future::Future;
use std::time::Duration;

use primitives::{Clock, Random};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::health::Health;

/// What a service is given to run in: background tasks, readiness checks, time and randomness.
pub struct Runtime {
    pub(crate) health: Health,
    tasks: JoinSet<&'static str>,
    shutdown: CancellationToken,
    clock: Clock,
    random: Random,
}

impl Runtime {
    /// With the machine's clock and randomness, or a test's.
    pub fn new(clock: Clock, random: Random) -> Self {
        Self { health: Health::default(), tasks: JoinSet::new(), shutdown: CancellationToken::new(), clock, random }
    }

    /// Where the service gets its time from.
    pub fn clock(&self) -> Clock {
        self.clock.clone()
    }

    /// Where the service gets its randomness from.
    pub fn random(&self) -> Random {
        self.random.clone()
    }

    /// Cancelled when the process is to stop.
    pub fn shutdown(&self) -> CancellationToken {
        self.shutdown.clone()
    }

    /// Runs a task until it ends by itself; it must end soon after the token is cancelled. A task that ends earlier, or
    /// panics, stops the process: half a service is worse than a restart.
    pub fn spawn<F, Fut>(&mut self, name: &'static str, task: F)
    where
        F: FnOnce(CancellationToken) -> Fut,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let task = task(self.shutdown.clone());
        let shutdown = self.shutdown.clone();
        self.tasks.spawn(async move {
            // Also when it panics.
            let _stop = shutdown.drop_guard();
            task.await;
            name
        });
    }

    /// Adds a condition of readiness, such as "the database answers". It is asked for each probe and has a second.
    pub fn ready_check<F, Fut>(&mut self, name: &'static str, check: F)
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        self.health.add(name, check);
    }

    /// Stops all background tasks and waits for them.
    ///
    /// # Errors
    /// One panicked, or did not end in time.
    pub async fn stop(mut self, timeout: Duration) -> anyhow::Result<()> {
        self.shutdown.cancel();
        let all = async {
            let mut outcome = Ok(());
            while let Some(task) = self.tasks.join_next().await {
                match task {
                    Ok(name) => tracing::debug!(task = name, "stopped"),
                    Err(error) => outcome = Err(anyhow::anyhow!("a background task failed: {error}")),
                }
            }
            outcome
        };
        tokio::time::timeout(timeout, all).await.unwrap_or_else(|_| Err(anyhow::anyhow!("background tasks did not end in {timeout:?}")))
    }
}
