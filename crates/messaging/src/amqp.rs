//! One connection to the broker. There is no recovery inside it: on any error the owner drops it and starts over.

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use lapin::{
    Channel, Connection, ConnectionProperties, options::ConfirmSelectOptions, uri::AMQPUri,
};
use secrecy::{ExposeSecret, SecretString};
use std::time::Duration;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A silent broker is noticed after two of these.
const HEARTBEAT_SECONDS: u16 = 10;
/// How long whoever stops waits for the broker's answer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);

/// Why the broker could not be used.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    /// The address is not `amqp://user:password@host:port/vhost`.
    #[error("the broker's address is malformed: {0}")]
    Address(String),
    /// No answer in time.
    #[error("the broker did not answer in time while {0}")]
    Timeout(&'static str),
    /// The broker or the network refused.
    #[error("broker: {0}")]
    Amqp(#[from] lapin::Error),
    /// What is declared on the broker is not what this program expects.
    #[error(
        "the broker has {what} with other settings than this program declares: {detail}. \
         Restore it from rabbitmq/definitions.json, or delete it once it is empty and start again"
    )]
    Mismatch {
        /// The exchange or queue.
        what: String,
        /// The broker's words.
        detail: String,
    },
    /// A queue's consumer was cancelled by the broker, which happens when the queue is deleted.
    #[error("the broker ended the consumer of {0}")]
    ConsumerEnded(String),
    /// The broker did not take a copy of a message.
    #[error("the broker refused a message for {0}")]
    Refused(String),
}

/// Connects, with a name that the management UI shows.
pub(crate) async fn connect(url: &SecretString, name: &str) -> Result<Connection, BrokerError> {
    let mut uri: AMQPUri = url.expose_secret().parse().map_err(BrokerError::Address)?;
    uri.query.heartbeat.get_or_insert(HEARTBEAT_SECONDS);
    let properties = ConnectionProperties::default().with_connection_name(name.into());
    tokio::time::timeout(CONNECT_TIMEOUT, Connection::connect_uri(uri, properties))
        .await
        .map_err(|_| BrokerError::Timeout("connecting"))?
        .map_err(BrokerError::Amqp)
}

/// Opens a channel whose publishes are confirmed.
pub(crate) async fn confirming_channel(connection: &Connection) -> Result<Channel, BrokerError> {
    let channel = connection.create_channel().await?;
    channel
        .confirm_select(ConfirmSelectOptions::default())
        .await?;
    Ok(channel)
}

/// Says goodbye; a broker that is gone hears nothing, and that is fine.
pub(crate) async fn close(connection: &Connection) {
    let _ = tokio::time::timeout(PATIENCE, connection.close(200, "bye".into())).await;
}

/// As [`close`], for one channel.
pub(crate) async fn close_channel(channel: &Channel) {
    let _ = tokio::time::timeout(PATIENCE, channel.close(200, "bye".into())).await;
}

/// Growing pauses between tries, without end.
pub(crate) struct Backoff(ExponentialBackoff);

impl Backoff {
    pub(crate) fn new() -> Self {
        Self(Self::builder().build())
    }

    fn builder() -> ExponentialBuilder {
        ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(100))
            .with_max_delay(Duration::from_secs(5))
            .without_max_times()
            .with_jitter()
    }

    pub(crate) fn next(&mut self) -> Duration {
        self.0.next().unwrap_or(Duration::from_secs(5))
    }

    pub(crate) fn reset(&mut self) {
        *self = Self::new();
    }
}
