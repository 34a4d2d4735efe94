//! The sending half of the outbox.
//!
//! One batch: claim (one short transaction) → send a window → wait for the broker's confirms → delete what was confirmed. Nothing
//! remote happens inside a transaction; a crash anywhere leaves rows whose lease runs out, and they are sent again: duplicates are
//! possible, losses are not.
//!
//! Order per aggregate: an event is claimed only together with, or after, all earlier ones of its aggregate (claims are made one at
//! a time, under an advisory lock), and it is sent only when its predecessor has been confirmed. So the first copies of an
//! aggregate's events arrive in order, whatever is killed and however many relays run; copies after the first are dropped by the inbox.

mod claim;
mod send;
mod wake;

use crate::amqp::{self, Backoff, BrokerError};
use crate::faults::Hook;
use crate::topology::Topology;
use claim::Claim;
use lapin::Channel;
use secrecy::SecretString;
use sqlx::PgPool;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How often the table is looked at without being told.
const POLL: Duration = Duration::from_secs(2);

/// Publishes the outbox of `pool`'s database until `shutdown`. Any number may run at once. Neither the broker's nor the database's
/// absence ends it.
pub async fn run(pool: PgPool, amqp_url: SecretString, shutdown: CancellationToken) {
    Relay::new(pool, amqp_url).run(shutdown).await;
}

/// A relay with its knobs. Services call [`run`]; tests turn the knobs.
#[derive(Debug)]
pub struct Relay {
    pool: PgPool,
    amqp_url: SecretString,
    topology: Topology,
    batch: i64,
    lease: Duration,
    hook: Hook,
}

/// What ended a session.
#[derive(Debug, thiserror::Error)]
enum Interrupted {
    #[error(transparent)]
    Broker(#[from] BrokerError),
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
}

impl Relay {
    /// The usual settings.
    pub fn new(pool: PgPool, amqp_url: SecretString) -> Self {
        Self {
            pool,
            amqp_url,
            topology: Topology::standard(),
            batch: 256,
            lease: Duration::from_secs(30),
            hook: Hook::default(),
        }
    }

    /// Another topology, for tests.
    #[doc(hidden)]
    #[must_use]
    pub fn topology(mut self, topology: Topology) -> Self {
        self.topology = topology;
        self
    }

    /// How long a batch stays with a relay that says nothing more, for tests.
    #[doc(hidden)]
    #[must_use]
    pub fn lease(mut self, lease: Duration) -> Self {
        self.lease = lease;
        self
    }

    /// Events in a batch, for tests.
    #[doc(hidden)]
    #[must_use]
    pub fn batch(mut self, batch: i64) -> Self {
        self.batch = batch;
        self
    }

    /// What to do between two steps, for tests.
    #[doc(hidden)]
    #[must_use]
    pub fn hook(mut self, hook: Hook) -> Self {
        self.hook = hook;
        self
    }

    /// See [`run`].
    pub async fn run(self, shutdown: CancellationToken) {
        let notify = Notify::new();
        tokio::select! {
            () = self.work(&notify, &shutdown) => {}
            () = wake::listen(&self.pool, &notify) => {}
            () = wake::measure(&self.pool) => {}
        }
    }

    async fn work(&self, notify: &Notify, shutdown: &CancellationToken) {
        let mut backoff = Backoff::new();
        while !shutdown.is_cancelled() {
            let Err(error) = self.session(notify, shutdown, &mut backoff).await else {
                break;
            };
            let pause = backoff.next();
            metrics::counter!("messaging_relay_interruptions_total").increment(1);
            match &error {
                Interrupted::Broker(BrokerError::Mismatch { .. } | BrokerError::Address(_)) => {
                    tracing::error!(%error, "the relay cannot work")
                }
                _ => tracing::warn!(%error, pause_ms = pause.as_millis(), "the relay starts over"),
            }
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Connects and works until `shutdown` or an error.
    async fn session(
        &self,
        notify: &Notify,
        shutdown: &CancellationToken,
        backoff: &mut Backoff,
    ) -> Result<(), Interrupted> {
        let opened = self.topology.open(&self.amqp_url, "relay", shutdown);
        let Some((connection, channel)) = opened.await? else {
            return Ok(());
        };
        let result = self.relay(&channel, notify, shutdown, backoff).await;
        amqp::close(&connection).await;
        result
    }

    async fn relay(
        &self,
        channel: &Channel,
        notify: &Notify,
        shutdown: &CancellationToken,
        backoff: &mut Backoff,
    ) -> Result<(), Interrupted> {
        while !shutdown.is_cancelled() {
            let asked = Instant::now();
            let claim = Claim::take(&self.pool, self.batch, self.lease).await?;
            if claim.is_empty() {
                backoff.reset();
                tokio::select! {
                    () = shutdown.cancelled() => {}
                    () = notify.notified() => {}
                    () = tokio::time::sleep(POLL) => {}
                }
                if !channel.status().connected() {
                    return Err(BrokerError::Timeout("idle").into());
                }
                continue;
            }
            self.hook.at(crate::faults::Step::Claimed).await;
            // Long before the lease ends, the batch is given back.
            let deadline = asked + self.lease / 2;
            self.send(channel, claim, deadline, shutdown).await?;
            backoff.reset();
        }
        Ok(())
    }
}
