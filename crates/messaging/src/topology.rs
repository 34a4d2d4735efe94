//! What must exist on the broker, made from `contracts::topology`: declared and checked by whoever connects.
//!
//! ```text
//!  mercato.events ──<event>──► <event>.<consumer> ──(reject, delivery limit)──► <queue>.dead
//!                                   ▲        │ failed try: copy, then acknowledge
//!                                   └── <queue>.retry.5s · .retry.1m · .retry.10m   (time to live, then back)
//! ```
//! All queues are quorum queues: confirmed means on disk (and, in a cluster, on a majority). Dead-lettering is at-least-once.
//! A main queue has a single active consumer, so that replicas do not reorder an aggregate's events; the others stand by.
//!
//! Known quirks of RabbitMQ 3.10: a queue with a single active consumer cannot be peeked into with `basic.get` (dead-letter queues
//! can); a node that is killed within half a second after it created a quorum queue may forget who leads that queue, which then takes and
//! gives nothing until it is deleted.

use crate::amqp;
pub use crate::amqp::BrokerError;
use contracts::topology::{EXCHANGE, FEEDS, QUEUES};
use lapin::{
    Channel, Connection, ExchangeKind,
    options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions},
    types::{AMQPValue, FieldTable},
};
use secrecy::SecretString;
use serde_json::{Value, json};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Deliveries that ended without an answer (the consumer died) before the broker itself gives an event up.
const DELIVERY_LIMIT: i32 = 20;
/// Waiting times after the first, second, … failed try; the last one repeats.
const RETRY_DELAYS: [Duration; 3] = [
    Duration::from_secs(5),
    Duration::from_secs(60),
    Duration::from_secs(600),
];
/// Tries before an event goes dead: now, after 5 s, 1 min and then every 10 min, half an hour in all.
const TRIES: u32 = 6;

/// A queue for one consumer of one event or, as a feed, of several, with its companions.
#[derive(Clone, Debug)]
pub struct EventQueue {
    /// The events' types, which are the bindings' routing keys.
    pub events: Vec<String>,
    /// Who reads it.
    pub consumer: String,
    /// The queue's name.
    pub name: String,
}

/// Everything that exists on the broker.
#[derive(Clone, Debug)]
pub struct Topology {
    queues: Vec<EventQueue>,
    delays: Vec<Duration>,
    tries: u32,
}

impl Topology {
    /// The system's.
    pub fn standard() -> Self {
        let queues = QUEUES.iter().map(|q| EventQueue {
            events: vec![q.event.to_owned()],
            consumer: q.consumer.to_owned(),
            name: q.name(),
        });
        let feeds = FEEDS.iter().map(|feed| EventQueue {
            events: feed.events.iter().map(|&event| event.to_owned()).collect(),
            consumer: feed.consumer.to_owned(),
            name: feed.name.to_owned(),
        });
        let queues = queues.chain(feeds).collect();
        Self {
            queues,
            delays: RETRY_DELAYS.to_vec(),
            tries: TRIES,
        }
    }

    /// Another one, for tests: (event, consumer) pairs and their retry rules.
    #[doc(hidden)]
    pub fn custom(pairs: &[(&str, &str)], delays: &[Duration], tries: u32) -> Self {
        let queues = pairs
            .iter()
            .map(|(event, consumer)| EventQueue {
                events: vec![(*event).to_owned()],
                consumer: (*consumer).to_owned(),
                name: format!("{event}.{consumer}"),
            })
            .collect();
        Self {
            queues,
            delays: delays.to_vec(),
            tries,
        }
    }

    /// The queue of an event alone for a consumer.
    pub fn queue(&self, event: &str, consumer: &str) -> Option<&EventQueue> {
        self.queues
            .iter()
            .find(|q| q.events == [event] && q.consumer == consumer)
    }

    /// The queue of this name.
    pub(crate) fn named(&self, name: &str) -> Option<&EventQueue> {
        self.queues.iter().find(|q| q.name == name)
    }

    /// Whether anybody reads such events.
    pub(crate) fn is_read(&self, event: &str) -> bool {
        self.queues
            .iter()
            .any(|q| q.events.iter().any(|read| read == event))
    }

    /// How often an event is tried in all.
    pub(crate) fn tries(&self) -> u32 {
        self.tries
    }

    /// Where an event waits after so many failed tries.
    pub(crate) fn retry_queue(&self, queue: &str, failed: u32) -> String {
        let index = usize::try_from(failed)
            .unwrap_or(usize::MAX)
            .saturating_sub(1)
            .min(self.delays.len().saturating_sub(1));
        retry_name(queue, self.delays.get(index).copied().unwrap_or_default())
    }

    /// Every queue with its arguments, in the order of declaration: what others point to comes first.
    fn declarations(&self) -> Vec<(String, Vec<(&'static str, Value)>)> {
        let mut all = Vec::new();
        for queue in &self.queues {
            all.push((
                dead_name(&queue.name),
                vec![("x-queue-type", json!("quorum"))],
            ));
            for delay in &self.delays {
                let mut arguments = to_default_exchange(&queue.name);
                arguments.push((
                    "x-message-ttl",
                    json!(u32::try_from(delay.as_millis()).unwrap_or(u32::MAX)),
                ));
                all.push((retry_name(&queue.name, *delay), arguments));
            }
            let mut arguments = to_default_exchange(&dead_name(&queue.name));
            arguments.push(("x-delivery-limit", json!(DELIVERY_LIMIT)));
            arguments.push(("x-single-active-consumer", json!(true)));
            all.push((queue.name.clone(), arguments));
        }
        all
    }

    /// The parts `exchanges`, `queues` and `bindings` of RabbitMQ's definitions file.
    pub fn definitions(&self, vhost: &str) -> Value {
        let queues: Vec<Value> = self
            .declarations()
            .into_iter()
            .map(|(name, arguments)| {
                let arguments: serde_json::Map<String, Value> = arguments.into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
                json!({"name": name, "vhost": vhost, "durable": true, "auto_delete": false, "arguments": arguments})
            })
            .collect();
        let bindings: Vec<Value> = self
            .queues
            .iter()
            .flat_map(|q| q.events.iter().map(move |event| (q, event)))
            .map(|(q, event)| json!({"source": EXCHANGE, "vhost": vhost, "destination": q.name, "destination_type": "queue", "routing_key": event, "arguments": {}}))
            .collect();
        json!({
            "exchanges": [{"name": EXCHANGE, "vhost": vhost, "type": "topic", "durable": true, "auto_delete": false, "internal": false, "arguments": {}}],
            "queues": queues,
            "bindings": bindings,
        })
    }

    /// See [`check`].
    #[doc(hidden)]
    pub async fn check(&self, amqp_url: &SecretString) -> Result<(), BrokerError> {
        let connection = amqp::connect(amqp_url, "topology check").await?;
        let result = self.declare(&connection, &CancellationToken::new()).await;
        amqp::close(&connection).await;
        result
    }

    /// Connects, declares, and opens a channel whose publishes are confirmed; nothing if `shutdown` comes first. A declaration is never broken
    /// off: the broker would go on with it, and nobody may meet a queue that is half there.
    pub(crate) async fn open(
        &self,
        amqp_url: &SecretString,
        name: &str,
        shutdown: &CancellationToken,
    ) -> Result<Option<(Connection, Channel)>, BrokerError> {
        let connection = tokio::select! {
            () = shutdown.cancelled() => return Ok(None),
            connection = amqp::connect(amqp_url, name) => connection?,
        };
        let open = async {
            self.declare(&connection, shutdown).await?;
            if shutdown.is_cancelled() {
                return Ok(None);
            }
            amqp::confirming_channel(&connection).await.map(Some)
        };
        let out_of_patience = async {
            shutdown.cancelled().await;
            tokio::time::sleep(amqp::PATIENCE).await;
        };
        let opened = tokio::select! {
            opened = open => opened,
            () = out_of_patience => Ok(None),
        };
        if !matches!(opened, Ok(Some(_))) {
            amqp::close(&connection).await;
        }
        Ok(opened?.map(|channel| (connection, channel)))
    }

    /// Declares everything that is missing, or what it comes to before `shutdown`; an error that names the culprit if something exists and
    /// differs.
    async fn declare(
        &self,
        connection: &Connection,
        shutdown: &CancellationToken,
    ) -> Result<(), BrokerError> {
        let channel = connection.create_channel().await?;
        self.declare_on(&channel, shutdown).await?;
        channel.close(200, "declared".into()).await?;
        Ok(())
    }

    async fn declare_on(
        &self,
        channel: &Channel,
        shutdown: &CancellationToken,
    ) -> Result<(), BrokerError> {
        let options = ExchangeDeclareOptions {
            durable: true,
            ..Default::default()
        };
        channel
            .exchange_declare(
                EXCHANGE.into(),
                ExchangeKind::Topic,
                options,
                FieldTable::default(),
            )
            .await
            .map_err(|e| mismatch(e, || format!("exchange {EXCHANGE}")))?;
        for (name, arguments) in self.declarations() {
            if shutdown.is_cancelled() {
                return Ok(());
            }
            declare_queue(channel, &name, &arguments).await?;
        }
        for queue in &self.queues {
            for event in &queue.events {
                channel
                    .queue_bind(
                        queue.name.as_str().into(),
                        EXCHANGE.into(),
                        event.as_str().into(),
                        QueueBindOptions::default(),
                        FieldTable::default(),
                    )
                    .await?;
            }
        }
        Ok(())
    }
}

/// Connects once, declares what is missing and compares the rest: for readiness checks and tools.
pub async fn check(amqp_url: &SecretString) -> Result<(), BrokerError> {
    Topology::standard().check(amqp_url).await
}

/// Where events of a queue go that could not be processed.
pub fn dead_name(queue: &str) -> String {
    format!("{queue}.dead")
}

fn retry_name(queue: &str, delay: Duration) -> String {
    let (seconds, millis) = (delay.as_secs(), delay.as_millis());
    match seconds {
        0 => format!("{queue}.retry.{millis}ms"),
        s if s % 60 == 0 => format!("{queue}.retry.{}m", s / 60),
        s => format!("{queue}.retry.{s}s"),
    }
}

/// A quorum queue whose expired or rejected messages go to the named queue, and are not lost if that is away for a moment.
fn to_default_exchange(target: &str) -> Vec<(&'static str, Value)> {
    vec![
        ("x-queue-type", json!("quorum")),
        ("x-dead-letter-exchange", json!("")),
        // Without it a message keeps the key of its last publish, which for retries is the retry queue itself.
        ("x-dead-letter-routing-key", json!(target)),
        ("x-dead-letter-strategy", json!("at-least-once")),
        // At-least-once dead-lettering demands it; without a length limit it refuses nothing.
        ("x-overflow", json!("reject-publish")),
    ]
}

async fn declare_queue(
    channel: &Channel,
    name: &str,
    arguments: &[(&'static str, Value)],
) -> Result<(), BrokerError> {
    let mut table = FieldTable::default();
    for (key, value) in arguments {
        let value = match value {
            Value::String(text) => AMQPValue::LongString(text.as_str().into()),
            Value::Bool(flag) => AMQPValue::Boolean(*flag),
            other => AMQPValue::LongLongInt(other.as_i64().unwrap_or_default()),
        };
        table.insert((*key).into(), value);
    }
    let options = QueueDeclareOptions {
        durable: true,
        ..Default::default()
    };
    channel
        .queue_declare(name.into(), options, table)
        .await
        .map_err(|e| mismatch(e, || format!("queue {name}")))?;
    Ok(())
}

/// 406 is the broker's word for "it exists and is different".
fn mismatch(error: lapin::Error, what: impl FnOnce() -> String) -> BrokerError {
    match error.kind() {
        lapin::ErrorKind::ProtocolError(e) if e.get_id() == 406 => BrokerError::Mismatch {
            what: what(),
            detail: e.get_message().to_string(),
        },
        _ => BrokerError::Amqp(error),
    }
}
