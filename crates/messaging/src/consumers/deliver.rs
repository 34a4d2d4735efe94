//! From a queue into lanes: the deliveries of one aggregate one after the other, different aggregates side by side.

use super::apply::{Applied, Failure};
use super::settle::{Dead, Settler};
use super::{Context, Subscription, headers};
use crate::amqp::{self, Backoff, BrokerError};
use crate::error::Trouble;
use crate::faults::Step;
use contracts::events::Envelope;
use futures::StreamExt;
use lapin::{
    Channel, Consumer,
    message::Delivery,
    options::{BasicConsumeOptions, BasicQosOptions},
    types::FieldTable,
};
use serde_json::Value;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

/// Unanswered deliveries that the broker hands out ahead.
const PREFETCH: u16 = 32;
/// Aggregates handled side by side, each with a database connection of its own.
const LANES: usize = 4;
/// Lost races that are run again at once.
const CONFLICTS: u32 = 5;
/// How long an event waits in its lane for the database to come back, before it waits in a retry queue (which counts as no try).
const DATABASE_PATIENCE: Duration = Duration::from_secs(60);

/// A delivery with what could be read of it.
struct Incoming {
    delivery: Delivery,
    envelope: Result<Envelope<Value>, String>,
}

/// Consumes one queue until `shutdown`, finishing what has begun, or until an error.
pub(super) async fn consume(
    context: Context,
    subscription: Subscription,
    channel: Channel,
    copies: Channel,
    shutdown: CancellationToken,
) -> Result<(), BrokerError> {
    channel
        .basic_qos(PREFETCH, BasicQosOptions::default())
        .await?;
    let mut deliveries = Deliveries::begin(channel, &subscription.queue).await?;
    let result = distribute(&context, &subscription, &mut deliveries, &copies, &shutdown).await;
    deliveries.end().await;
    result
}

async fn distribute(
    context: &Context,
    subscription: &Subscription,
    deliveries: &mut Deliveries,
    copies: &Channel,
    shutdown: &CancellationToken,
) -> Result<(), BrokerError> {
    let ended = || BrokerError::ConsumerEnded(subscription.queue.to_string());
    let mut lanes = JoinSet::new();
    let mut inputs = Vec::with_capacity(LANES);
    for _ in 0..LANES {
        // As many as the broker hands out at most, so that sending never waits.
        let (input, output) = mpsc::channel(PREFETCH.into());
        inputs.push(input);
        let settler = Settler::new(context.clone(), subscription.queue.clone(), copies.clone());
        lanes.spawn(lane(
            context.clone(),
            subscription.clone(),
            settler,
            output,
            shutdown.clone(),
        ));
    }
    loop {
        let delivery = tokio::select! {
            () = shutdown.cancelled() => break,
            Some(result) = lanes.join_next() => return result.unwrap_or_else(|_| Err(ended())),
            delivery = deliveries.next() => delivery.ok_or_else(ended)??,
        };
        let incoming = Incoming {
            envelope: serde_json::from_slice(&delivery.data).map_err(|e| e.to_string()),
            delivery,
        };
        // Fails only if the lane has ended, whose error comes next.
        let _ = inputs[lane_of(&incoming)].send(incoming).await;
    }
    drop(inputs);
    while let Some(result) = lanes.join_next().await {
        result.unwrap_or_else(|_| Err(ended()))?;
    }
    Ok(())
}

/// A consumer that ends with its channel. If it were cancelled first (as `lapin` does on drop), the broker would let it keep its
/// unanswered deliveries until the channel is closed, and meanwhile hand later ones to the next consumer, out of order.
struct Deliveries {
    consumer: Consumer,
    channel: Channel,
}

impl Deliveries {
    async fn begin(channel: Channel, queue: &str) -> Result<Self, BrokerError> {
        let consumer = channel
            .basic_consume(
                queue.into(),
                "".into(),
                BasicConsumeOptions::default(),
                FieldTable::default(),
            )
            .await?;
        Ok(Self { consumer, channel })
    }

    async fn next(&mut self) -> Option<Result<Delivery, lapin::Error>> {
        self.consumer.next().await
    }

    async fn end(self) {
        amqp::close_channel(&self.channel).await;
    }
}

fn lane_of(incoming: &Incoming) -> usize {
    let mut hasher = DefaultHasher::new();
    incoming
        .envelope
        .as_ref()
        .map(|e| e.subject.as_str())
        .unwrap_or_default()
        .hash(&mut hasher);
    usize::try_from(hasher.finish() % LANES as u64).unwrap_or_default()
}

async fn lane(
    context: Context,
    subscription: Subscription,
    settler: Settler,
    mut input: mpsc::Receiver<Incoming>,
    shutdown: CancellationToken,
) -> Result<(), BrokerError> {
    while let Some(incoming) = input.recv().await {
        // What has not begun goes back to the broker with the channel.
        if shutdown.is_cancelled() {
            break;
        }
        context.hook.at(Step::Received).await;
        let span = match &incoming.envelope {
            Ok(e) => {
                let span = tracing::info_span!("consume", otel.kind = "consumer", queue = %subscription.queue, event_id = %e.id, subject = %e.subject);
                runtime::trace::set_parent(&span, e.traceparent.as_deref());
                span
            }
            Err(_) => {
                tracing::info_span!("consume", otel.kind = "consumer", queue = %subscription.queue)
            }
        };
        one(&context, &subscription, &settler, incoming, &shutdown)
            .instrument(span)
            .await?;
    }
    Ok(())
}

/// Applies one delivery and answers the broker.
async fn one(
    context: &Context,
    subscription: &Subscription,
    settler: &Settler,
    incoming: Incoming,
    shutdown: &CancellationToken,
) -> Result<(), BrokerError> {
    let queue = &subscription.queue;
    let Incoming { delivery, envelope } = incoming;
    let envelope = match envelope {
        Ok(envelope) => envelope,
        Err(error) => return settler.bury(delivery, Dead::Poison, &error).await,
    };
    let failed =
        headers::integer(delivery.properties.headers().as_ref(), headers::ATTEMPTS).unwrap_or(0);
    let began = Instant::now();
    let mut conflicts = 0;
    let mut pauses = Backoff::new();
    loop {
        let failure = match subscription.apply.apply(context, queue, &envelope).await {
            Ok(applied) => {
                let outcome = if applied == Applied::Now {
                    "applied"
                } else {
                    "duplicate"
                };
                metrics::counter!("messaging_consumed_total", "queue" => queue.to_string(), "outcome" => outcome).increment(1);
                metrics::histogram!("messaging_handling_seconds", "queue" => queue.to_string())
                    .record(began.elapsed().as_secs_f64());
                tracing::debug!(outcome, "event handled");
                return settler.acknowledge(&delivery).await;
            }
            Err(failure) => failure,
        };
        match failure {
            Failure::Poison(error) => return settler.bury(delivery, Dead::Poison, &error).await,
            Failure::Rejected(reason) => {
                return settler.bury(delivery, Dead::Rejected, &reason).await;
            }
            Failure::Failed(Trouble::Conflict, _) if conflicts < CONFLICTS => conflicts += 1,
            Failure::Failed(Trouble::DatabaseAway, error) if shutdown.is_cancelled() => {
                // Unanswered: the broker hands it out again.
                tracing::info!(%error, "an event is left for the next process");
                return Ok(());
            }
            Failure::Failed(Trouble::DatabaseAway, error)
                if began.elapsed() < DATABASE_PATIENCE =>
            {
                tracing::warn!(%error, "the database is away; the event waits");
            }
            Failure::Failed(Trouble::DatabaseAway, error) => {
                return settler.postpone(delivery, failed, &error).await;
            }
            Failure::Failed(_, error) => return settler.retry(delivery, failed + 1, &error).await,
        }
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = tokio::time::sleep(pauses.next()) => {}
        }
    }
}
