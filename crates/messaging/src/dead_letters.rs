//! Dead letters in the hands of staff: looked at, put back into the queue where they died, or dropped.
//!
//! A queue is gone through from its oldest letter on: each is taken (`basic.get`), and answered at the end. What is put back is confirmed there before
//! it is taken away here, so a crash in between makes two of it, which the inbox makes one again, and never none. What stays is given back, and is at its
//! old place again. While somebody goes through a queue, others do not see what they have in their hands.

use std::time::Duration;

use lapin::message::Delivery;
use lapin::options::{
    BasicAckOptions, BasicGetOptions, BasicNackOptions, BasicPublishOptions, QueueDeclareOptions,
};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, Confirmation, Connection, PublisherConfirm};
use secrecy::SecretString;

use crate::amqp;
pub use crate::amqp::BrokerError;
use crate::consumers::headers;
use crate::topology::dead_name;

const CONFIRM_TIMEOUT: Duration = Duration::from_secs(10);
/// Not found.
const NO_SUCH_QUEUE: u16 = 404;

/// An event that could not be processed.
#[derive(Debug, Clone, Default)]
pub struct DeadLetter {
    /// As it came, whether it can be read or not.
    pub body: Vec<u8>,
    /// The event's id.
    pub event_id: Option<String>,
    /// Such as `order.confirmed`.
    pub event_type: Option<String>,
    /// Who published it.
    pub source: Option<String>,
    /// How many tries failed.
    pub attempts: Option<u32>,
    /// See [`headers::REASON`]; the broker's own word if it gave the event up.
    pub reason: Option<String>,
    /// See [`headers::ERROR`].
    pub error: Option<String>,
    /// See [`headers::DIED_AT`].
    pub died_at: Option<String>,
    /// See [`headers::REQUEUED`].
    pub requeued: u32,
    /// All of them, by name, as text.
    pub headers: Vec<(String, String)>,
}

/// What becomes of a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It stays where it is.
    Keep,
    /// Back into its queue, with all its tries before it.
    Requeue,
    /// Away with it.
    Drop,
}

/// What came of going through a queue.
#[derive(Debug, Default)]
pub struct Tally {
    /// Letters that were looked at.
    pub seen: u32,
    /// Put back, and confirmed there.
    pub requeued: u32,
    /// Dropped.
    pub dropped: u32,
    /// Should have been put back, but the broker did not take them: they stay.
    pub refused: u32,
    /// Why it ended before its time. What is counted above was done all the same. Any that should have gone back and is not counted may lie in both queues.
    pub error: Option<BrokerError>,
}

/// A connection by which letters are gone through.
#[derive(Debug)]
pub struct DeadLetters(Connection);

/// A quorum queue keeps acknowledgements back when a channel has sent it more than 32 since it last asked for something, and loses those that it keeps when
/// the channel ends (`rabbit_fifo_client`'s soft limit): the letters would lie here once more. So no more than these, between two that are taken.
const AT_ONCE: usize = 25;

impl DeadLetters {
    /// Connects.
    ///
    /// # Errors
    /// The broker is away.
    pub async fn open(amqp_url: &SecretString) -> Result<Self, BrokerError> {
        amqp::connect(amqp_url, "dead letters").await.map(Self)
    }

    /// Says goodbye.
    pub async fn close(self) {
        amqp::close(&self.0).await;
    }

    /// How many letters of these queues wait (those that somebody has in their hands are not counted); nothing of a queue that is not there.
    ///
    /// # Errors
    /// The broker is away.
    pub async fn counts(&self, queues: &[String]) -> Result<Vec<Option<u32>>, BrokerError> {
        let mut channel = self.0.create_channel().await?;
        let mut counts = Vec::with_capacity(queues.len());
        for queue in queues {
            let options = QueueDeclareOptions {
                passive: true,
                ..Default::default()
            };
            let name = dead_name(queue);
            let declared = channel
                .queue_declare(name.into(), options, FieldTable::default())
                .await;
            match declared {
                Ok(queue) => counts.push(Some(queue.message_count())),
                Err(error) if is_missing(&error) => {
                    counts.push(None);
                    channel = self.0.create_channel().await?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        amqp::close_channel(&channel).await;
        Ok(counts)
    }

    /// Goes through at most so many letters of a queue, oldest first, for so long. `decide` says what becomes of each, and whether it was the last to be looked at.
    pub async fn go_through(
        &self,
        queue: &str,
        most: u32,
        within: Duration,
        decide: impl FnMut(&DeadLetter) -> (Fate, bool) + Send,
    ) -> Tally {
        let mut tally = Tally::default();
        let walk = self.walk(queue, most, decide, &mut tally);
        let walked = tokio::time::timeout(within, walk).await;
        tally.error = walked
            .unwrap_or(Err(BrokerError::Timeout("going through dead letters")))
            .err();
        tally
    }

    async fn walk(
        &self,
        queue: &str,
        most: u32,
        mut decide: impl FnMut(&DeadLetter) -> (Fate, bool) + Send,
        tally: &mut Tally,
    ) -> Result<(), BrokerError> {
        let channel = amqp::confirming_channel(&self.0).await?;
        let dead = dead_name(queue);
        let (mut drop, mut requeue) = (Vec::new(), Vec::new());
        while tally.seen < most {
            let taken = channel
                .basic_get(dead.as_str().into(), BasicGetOptions::default())
                .await;
            let message = match taken {
                Ok(Some(message)) => message,
                Ok(None) => break,
                Err(error) if is_missing(&error) => return Ok(()),
                Err(error) => return Err(error.into()),
            };
            let delivery = message.delivery;
            tally.seen += 1;
            let letter = DeadLetter::read(&delivery);
            let (fate, is_last) = decide(&letter);
            match fate {
                Fate::Keep => {}
                Fate::Drop => drop.push(delivery),
                Fate::Requeue => requeue.push((delivery, letter.requeued)),
            }
            if is_last {
                break;
            }
            if drop.len() + requeue.len() == AT_ONCE {
                let (drop, requeue) = (std::mem::take(&mut drop), std::mem::take(&mut requeue));
                take_away(&channel, queue, drop, requeue, tally).await?;
            }
        }
        take_away(&channel, queue, drop, requeue, tally).await?;
        // All that was not answered until now stays; the number 0 stands for all of it, and it is no error if that is none.
        let options = BasicNackOptions {
            multiple: true,
            requeue: true,
        };
        channel.basic_nack(0, options).await?;
        // The broker answers this after all that came before: now it is sure.
        channel.close(200, "done".into()).await?;
        Ok(())
    }
}

/// Drops some letters, and publishes others, which go when that is confirmed.
async fn take_away(
    channel: &Channel,
    queue: &str,
    drop: Vec<Delivery>,
    letters: Vec<(Delivery, u32)>,
    tally: &mut Tally,
) -> Result<(), BrokerError> {
    for delivery in drop {
        delivery.acker.ack(BasicAckOptions::default()).await?;
        tally.dropped += 1;
    }
    let mut sent: Vec<(Delivery, PublisherConfirm)> = Vec::with_capacity(letters.len());
    for (delivery, requeued) in letters {
        let confirm = publish(channel, queue, &delivery, requeued + 1).await?;
        sent.push((delivery, confirm));
    }
    for (delivery, confirm) in sent {
        let confirmed = tokio::time::timeout(CONFIRM_TIMEOUT, confirm)
            .await
            .map_err(|_| BrokerError::Timeout("putting a dead letter back"))??;
        match confirmed {
            Confirmation::Ack(None) => {
                delivery.acker.ack(BasicAckOptions::default()).await?;
                tally.requeued += 1;
            }
            // There is no such queue any more, or it is full.
            _ => tally.refused += 1,
        }
    }
    Ok(())
}

/// To the queue where it died and to no other, though others may read the same event.
async fn publish(
    channel: &Channel,
    queue: &str,
    delivery: &Delivery,
    requeued: u32,
) -> Result<PublisherConfirm, BrokerError> {
    let mut table = FieldTable::default();
    for name in [headers::TRACEPARENT, headers::SEQUENCE] {
        let known = delivery.properties.headers().as_ref();
        if let Some(value) = known.and_then(|table| table.inner().get(name)) {
            table.insert(name.into(), value.clone());
        }
    }
    let requeued = i32::try_from(requeued).unwrap_or(i32::MAX);
    table.insert(headers::REQUEUED.into(), AMQPValue::LongInt(requeued));
    let properties = delivery
        .properties
        .clone()
        .with_headers(table)
        .with_delivery_mode(2);
    let options = BasicPublishOptions {
        mandatory: true,
        ..Default::default()
    };
    let confirm = channel
        .basic_publish("".into(), queue.into(), options, &delivery.data, properties)
        .await?;
    Ok(confirm)
}

impl DeadLetter {
    fn read(delivery: &Delivery) -> Self {
        let properties = &delivery.properties;
        let table = properties.headers().as_ref();
        let text = |name: &str| match table?.inner().get(name)? {
            AMQPValue::LongString(text) => Some(text.to_string()),
            AMQPValue::ShortString(text) => Some(text.to_string()),
            _ => None,
        };
        let all = table.into_iter().flat_map(|table| table.inner());
        let headers = all.map(|(name, value)| (name.to_string(), shown(value)));
        Self {
            body: delivery.data.clone(),
            event_id: properties.message_id().as_ref().map(ToString::to_string),
            event_type: properties.kind().as_ref().map(ToString::to_string),
            source: properties.app_id().as_ref().map(ToString::to_string),
            attempts: headers::integer(table, headers::ATTEMPTS),
            reason: text(headers::REASON).or_else(|| text("x-first-death-reason")),
            error: text(headers::ERROR),
            died_at: text(headers::DIED_AT),
            requeued: headers::integer(table, headers::REQUEUED).unwrap_or(0),
            headers: headers.collect(),
        }
    }
}

/// For people: lists and tables as JSON.
fn shown(value: &AMQPValue) -> String {
    match value {
        AMQPValue::LongString(text) => text.to_string(),
        AMQPValue::ShortString(text) => text.to_string(),
        AMQPValue::Boolean(flag) => flag.to_string(),
        AMQPValue::LongInt(number) => number.to_string(),
        AMQPValue::LongLongInt(number) => number.to_string(),
        AMQPValue::LongUInt(number) => number.to_string(),
        AMQPValue::ShortInt(number) => number.to_string(),
        AMQPValue::ShortShortInt(number) => number.to_string(),
        AMQPValue::Timestamp(seconds) => seconds.to_string(),
        other => serde_json::to_string(other).unwrap_or_default(),
    }
}

fn is_missing(error: &lapin::Error) -> bool {
    matches!(error.kind(), lapin::ErrorKind::ProtocolError(error) if error.get_id() == NO_SUCH_QUEUE)
}
