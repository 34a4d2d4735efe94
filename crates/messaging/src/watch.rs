//! Events as they happen, for this process alone and only while it runs: what is kept in memory learns from them what it has to
//! forget. Nothing is stored for who is away; so whoever listens is told when the stream begins anew, and how fresh it is.

use crate::amqp::{self, Backoff, BrokerError};
use contracts::events::Envelope;
use contracts::topology::EXCHANGE;
use futures::StreamExt;
use lapin::{
    BasicProperties, Channel, ExchangeKind,
    options::{
        BasicConsumeOptions, BasicPublishOptions, ExchangeDeclareOptions, QueueBindOptions,
        QueueDeclareOptions,
    },
    types::FieldTable,
};
use secrecy::SecretString;
use serde_json::Value;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

/// How often the stream is tried.
const PING: Duration = Duration::from_millis(200);
/// A stream that lost its pings for so long is dead, whatever the connection says.
const SILENCE: Duration = Duration::from_secs(5);
/// The type of the messages that a process sends itself.
const PING_TYPE: &str = "ping";

/// What the stream tells.
#[derive(Debug, Clone)]
pub enum Signal {
    /// Whatever is published from now on will be told. What was before may have been missed.
    Begins,
    /// It was published.
    Event(Box<Envelope<Value>>),
    /// All that was published before this moment has been told.
    Complete(Instant),
}

/// Listens until `shutdown` for events whose types match the patterns (`product.*`), and starts over after every error. `on` is called
/// in order and must not block.
pub async fn run(
    name: &str,
    patterns: &[&str],
    amqp_url: SecretString,
    shutdown: CancellationToken,
    mut on: impl FnMut(Signal) + Send,
) {
    let mut backoff = Backoff::new();
    while !shutdown.is_cancelled() {
        let session = session(name, patterns, &amqp_url, &mut backoff, &mut on);
        let ended = tokio::select! {
            () = shutdown.cancelled() => return,
            ended = session => ended,
        };
        let pause = backoff.next();
        if let Err(error) = ended {
            tracing::warn!(name, %error, pause_ms = pause.as_millis(), "the stream of events starts over");
        }
        metrics::counter!("messaging_watch_interruptions_total").increment(1);
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

async fn session(
    name: &str,
    patterns: &[&str],
    amqp_url: &SecretString,
    backoff: &mut Backoff,
    on: &mut (impl FnMut(Signal) + Send),
) -> Result<(), BrokerError> {
    let connection = amqp::connect(amqp_url, name).await?;
    let channel = connection.create_channel().await?;
    let result = listen(name, &channel, patterns, backoff, on).await;
    amqp::close(&connection).await;
    result
}

async fn listen(
    name: &str,
    channel: &Channel,
    patterns: &[&str],
    backoff: &mut Backoff,
    on: &mut (impl FnMut(Signal) + Send),
) -> Result<(), BrokerError> {
    let durable = ExchangeDeclareOptions {
        durable: true,
        ..Default::default()
    };
    channel
        .exchange_declare(
            EXCHANGE.into(),
            ExchangeKind::Topic,
            durable,
            FieldTable::default(),
        )
        .await?;
    // It is this connection's alone and ends with it.
    let own = QueueDeclareOptions {
        exclusive: true,
        auto_delete: true,
        ..Default::default()
    };
    let queue = channel
        .queue_declare("".into(), own, FieldTable::default())
        .await?;
    for pattern in patterns {
        channel
            .queue_bind(
                queue.name().clone(),
                EXCHANGE.into(),
                (*pattern).into(),
                QueueBindOptions::default(),
                FieldTable::default(),
            )
            .await?;
    }
    let unanswered = BasicConsumeOptions {
        no_ack: true,
        ..Default::default()
    };
    let mut deliveries = channel
        .basic_consume(
            queue.name().clone(),
            "".into(),
            unanswered,
            FieldTable::default(),
        )
        .await?;
    backoff.reset();
    on(Signal::Begins);

    let (began, mut heard) = (Instant::now(), Instant::now());
    let mut pings = tokio::time::interval(PING);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let delivery = tokio::select! {
            delivery = deliveries.next() => delivery.ok_or_else(|| BrokerError::ConsumerEnded(name.to_owned()))??,
            now = pings.tick() => {
                if now.duration_since(heard) > SILENCE {
                    return Err(BrokerError::Timeout("listening"));
                }
                let sent = now.duration_since(began).as_micros().to_string();
                let properties = BasicProperties::default().with_type(PING_TYPE.into());
                let options = BasicPublishOptions::default();
                channel
                    .basic_publish("".into(), queue.name().clone(), options, sent.as_bytes(), properties)
                    .await?;
                continue;
            }
        };
        let kind = delivery.properties.kind().as_ref();
        if kind.is_some_and(|kind| kind.as_str() == PING_TYPE) {
            heard = Instant::now();
            let sent = std::str::from_utf8(&delivery.data);
            if let Some(micros) = sent.ok().and_then(|text| text.parse().ok()) {
                on(Signal::Complete(began + Duration::from_micros(micros)));
            }
        } else {
            match serde_json::from_slice(&delivery.data) {
                Ok(envelope) => on(Signal::Event(Box::new(envelope))),
                Err(error) => tracing::warn!(%error, "an event cannot be read"),
            }
        }
    }
}
