//! Applying events exactly once.

mod apply;
mod deliver;
pub mod headers;
mod settle;

use crate::amqp::{self, Backoff, BrokerError};
use crate::error::HandlerError;
use crate::faults::Hook;
use crate::inbox;
use crate::topology::Topology;
use apply::{Any, Apply, Typed};
use contracts::events::{Envelope, Event};
use contracts::topology::Feed;
use secrecy::SecretString;
use serde_json::Value;
use sqlx::{PgConnection, PgPool};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

const PRUNE: Duration = Duration::from_secs(3600);

/// What a service does about an event. See the crate's page for what it may rely on and what it must do.
pub trait Handler<E: Event>: Send + Sync + 'static {
    /// Applies the event through `tx`, which also holds the inbox row and is committed after `Ok`. Nothing remote is called here.
    fn handle(
        &self,
        tx: &mut PgConnection,
        event: Envelope<E>,
    ) -> impl Future<Output = Result<(), HandlerError>> + Send;
}

/// What a service does about every event of a feed. The same holds as for a [`Handler`].
pub trait FeedHandler: Send + Sync + 'static {
    /// Applies the event through `tx`.
    fn handle(
        &self,
        tx: &mut PgConnection,
        event: Envelope<Value>,
    ) -> impl Future<Output = Result<(), HandlerError>> + Send;
}

/// A service's consumers: one queue for each event it reads, and one for each feed.
pub struct Consumers {
    consumer: &'static str,
    amqp_url: SecretString,
    handlers: Vec<(Reads, Arc<dyn Apply>)>,
    context: Context,
}

/// What every lane needs.
#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) pool: PgPool,
    pub(crate) topology: Arc<Topology>,
    pub(crate) hook: Hook,
}

/// Which queue a handler reads.
#[derive(Clone, Copy)]
enum Reads {
    /// Its service's own of this event.
    Event(&'static str),
    /// The one of this name.
    Feed(&'static str),
}

/// One queue and what is done with its events.
#[derive(Clone)]
pub(crate) struct Subscription {
    pub(crate) queue: Arc<str>,
    pub(crate) apply: Arc<dyn Apply>,
}

impl Consumers {
    /// `consumer` is the service's name in `contracts::topology`.
    pub fn new(consumer: &'static str, pool: PgPool, amqp_url: SecretString) -> Self {
        let context = Context {
            pool,
            topology: Arc::new(Topology::standard()),
            hook: Hook::default(),
        };
        Self {
            consumer,
            amqp_url,
            handlers: Vec::new(),
            context,
        }
    }

    /// Handles events of type `E`.
    #[must_use]
    pub fn on<E: Event>(mut self, handler: impl Handler<E>) -> Self {
        self.handlers
            .push((Reads::Event(E::TYPE), Arc::new(Typed::<E, _>::new(handler))));
        self
    }

    /// Handles all events of a feed.
    #[must_use]
    pub fn on_feed(mut self, feed: &Feed, handler: impl FeedHandler) -> Self {
        self.handlers
            .push((Reads::Feed(feed.name), Arc::new(Any::new(handler))));
        self
    }

    /// Another topology, for tests.
    #[doc(hidden)]
    #[must_use]
    pub fn topology(mut self, topology: Topology) -> Self {
        self.context.topology = Arc::new(topology);
        self
    }

    /// What to do between two steps, for tests.
    #[doc(hidden)]
    #[must_use]
    pub fn hook(mut self, hook: Hook) -> Self {
        self.context.hook = hook;
        self
    }

    /// Consumes until `shutdown`; then what has begun is finished. The broker's and the database's absence are waited out.
    pub async fn run(self, shutdown: CancellationToken) {
        let subscriptions = match self.subscriptions() {
            Ok(subscriptions) => subscriptions,
            Err(event) => {
                tracing::error!(
                    event,
                    consumer = self.consumer,
                    "contracts::topology has no queue for this event and consumer: nothing is consumed"
                );
                return;
            }
        };
        tokio::select! {
            () = self.work(&subscriptions, &shutdown) => {}
            () = prune(&self.context.pool) => {}
        }
    }

    fn subscriptions(&self) -> Result<Vec<Subscription>, &'static str> {
        self.handlers
            .iter()
            .map(|(reads, apply)| {
                let topology = &self.context.topology;
                let queue = match *reads {
                    Reads::Event(event) => topology.queue(event, self.consumer).ok_or(event)?,
                    Reads::Feed(name) => topology.named(name).ok_or(name)?,
                };
                Ok(Subscription {
                    queue: queue.name.as_str().into(),
                    apply: apply.clone(),
                })
            })
            .collect()
    }

    async fn work(&self, subscriptions: &[Subscription], shutdown: &CancellationToken) {
        let mut backoff = Backoff::new();
        while !shutdown.is_cancelled() {
            let Err(error) = self.session(subscriptions, shutdown, &mut backoff).await else {
                break;
            };
            let pause = backoff.next();
            metrics::counter!("messaging_consumer_interruptions_total").increment(1);
            match error {
                BrokerError::Mismatch { .. } | BrokerError::Address(_) => {
                    tracing::error!(%error, "the consumers cannot work")
                }
                _ => {
                    tracing::warn!(%error, pause_ms = pause.as_millis(), "the consumers start over")
                }
            }
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Connects and consumes until `shutdown` or the first error of any queue. Unanswered deliveries go back to the broker with the connection.
    async fn session(
        &self,
        subscriptions: &[Subscription],
        shutdown: &CancellationToken,
        backoff: &mut Backoff,
    ) -> Result<(), BrokerError> {
        let topology = &self.context.topology;
        let opened = topology.open(&self.amqp_url, self.consumer, shutdown);
        let Some((connection, copies)) = opened.await? else {
            return Ok(());
        };
        backoff.reset();
        let mut queues = JoinSet::new();
        for subscription in subscriptions {
            let channel = connection.create_channel().await?;
            queues.spawn(deliver::consume(
                self.context.clone(),
                subscription.clone(),
                channel,
                copies.clone(),
                shutdown.clone(),
            ));
        }
        let mut result = Ok(());
        while let Some(ended) = queues.join_next().await {
            result = ended.unwrap_or_else(|panic| {
                tracing::error!(%panic, "a consumer task ended badly");
                Err(BrokerError::ConsumerEnded(self.consumer.to_owned()))
            });
            if result.is_err() {
                break;
            }
        }
        amqp::close(&connection).await;
        // With the connection gone the other queues end too: open transactions roll back, and their deliveries come again.
        let rest = async { while queues.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(Duration::from_secs(2), rest).await;
        result
    }
}

async fn prune(pool: &PgPool) {
    loop {
        tokio::time::sleep(PRUNE).await;
        match inbox::prune(pool).await {
            Ok(rows) => tracing::debug!(rows, "old inbox rows forgotten"),
            Err(error) => tracing::warn!(%error, "old inbox rows could not be forgotten"),
        }
    }
}
