//! What the broker is told about a delivery. A copy is confirmed where it goes before the original is acknowledged, so that a crash
//! in between makes two of it (which the inbox makes one again), never none.

use super::{Context, headers};
use crate::amqp::BrokerError;
use crate::faults::Step;
use crate::topology::dead_name;
use lapin::{
    Channel, Confirmation,
    message::Delivery,
    options::{BasicAckOptions, BasicPublishOptions},
    types::{AMQPValue, FieldTable},
};
use primitives::Clock;
use std::sync::Arc;
use std::time::Duration;

const CONFIRM_TIMEOUT: Duration = Duration::from_secs(10);
/// Error texts are for people; a header has to fit into a frame.
const LONGEST_ERROR: usize = 2000;

/// Why an event is dead.
#[derive(Debug, Clone, Copy)]
pub(super) enum Dead {
    Poison,
    Rejected,
    Exhausted,
}

impl Dead {
    fn as_str(self) -> &'static str {
        match self {
            Self::Poison => "poison",
            Self::Rejected => "rejected",
            Self::Exhausted => "exhausted",
        }
    }
}

/// Answers the deliveries of one queue.
pub(super) struct Settler {
    context: Context,
    queue: Arc<str>,
    copies: Channel,
}

impl Settler {
    pub(super) fn new(context: Context, queue: Arc<str>, copies: Channel) -> Self {
        Self {
            context,
            queue,
            copies,
        }
    }

    pub(super) async fn acknowledge(&self, delivery: &Delivery) -> Result<(), BrokerError> {
        delivery.acker.ack(BasicAckOptions::default()).await?;
        self.context.hook.at(Step::Acknowledged).await;
        Ok(())
    }

    /// After the `failed`th failed try: again later, or dead.
    pub(super) async fn retry(
        &self,
        delivery: Delivery,
        failed: u32,
        error: &anyhow::Error,
    ) -> Result<(), BrokerError> {
        if failed >= self.context.topology.tries() {
            return self
                .give_up(delivery, Dead::Exhausted, &format!("{error:#}"), failed)
                .await;
        }
        tracing::warn!(
            error = format!("{error:#}"),
            failed,
            "an event failed and is tried again later"
        );
        metrics::counter!("messaging_retried_total", "queue" => self.queue.to_string())
            .increment(1);
        let target = self.context.topology.retry_queue(&self.queue, failed);
        self.move_to(&target, delivery, failed, &format!("{error:#}"), None)
            .await
    }

    /// Again later, without counting a try.
    pub(super) async fn postpone(
        &self,
        delivery: Delivery,
        failed: u32,
        error: &anyhow::Error,
    ) -> Result<(), BrokerError> {
        let target = self.context.topology.retry_queue(&self.queue, 1);
        self.move_to(&target, delivery, failed, &format!("{error:#}"), None)
            .await
    }

    /// Dead at once.
    pub(super) async fn bury(
        &self,
        delivery: Delivery,
        why: Dead,
        error: &str,
    ) -> Result<(), BrokerError> {
        let failed = headers::integer(delivery.properties.headers().as_ref(), headers::ATTEMPTS)
            .unwrap_or(0)
            + 1;
        self.give_up(delivery, why, error, failed).await
    }

    async fn give_up(
        &self,
        delivery: Delivery,
        why: Dead,
        error: &str,
        failed: u32,
    ) -> Result<(), BrokerError> {
        tracing::error!(reason = why.as_str(), error, failed, "an event is dead");
        metrics::counter!("messaging_dead_total", "queue" => self.queue.to_string(), "reason" => why.as_str()).increment(1);
        self.move_to(&dead_name(&self.queue), delivery, failed, error, Some(why))
            .await
    }

    async fn move_to(
        &self,
        target: &str,
        delivery: Delivery,
        failed: u32,
        error: &str,
        why: Option<Dead>,
    ) -> Result<(), BrokerError> {
        let mut table = FieldTable::default();
        // Only ours: the broker's x-death would tell of earlier rounds.
        for name in [headers::TRACEPARENT, headers::SEQUENCE, headers::REQUEUED] {
            if let Some(value) = delivery
                .properties
                .headers()
                .as_ref()
                .and_then(|t| t.inner().get(name))
            {
                table.insert(name.into(), value.clone());
            }
        }
        table.insert(
            headers::ATTEMPTS.into(),
            AMQPValue::LongInt(i32::try_from(failed).unwrap_or(i32::MAX)),
        );
        table.insert(
            headers::ERROR.into(),
            AMQPValue::LongString(shortened(error).into()),
        );
        table.insert(
            headers::QUEUE.into(),
            AMQPValue::LongString((&*self.queue).into()),
        );
        if let Some(why) = why {
            table.insert(
                headers::REASON.into(),
                AMQPValue::LongString(why.as_str().into()),
            );
            table.insert(
                headers::DIED_AT.into(),
                AMQPValue::LongString(Clock::system().now().to_string().into()),
            );
        }
        let properties = delivery
            .properties
            .clone()
            .with_headers(table)
            .with_delivery_mode(2);
        let options = BasicPublishOptions {
            mandatory: true,
            ..Default::default()
        };
        let copied = async {
            let confirm = self
                .copies
                .basic_publish(
                    "".into(),
                    target.into(),
                    options,
                    &delivery.data,
                    properties,
                )
                .await?;
            confirm.await
        };
        match tokio::time::timeout(CONFIRM_TIMEOUT, copied).await {
            Ok(Ok(Confirmation::Ack(None))) => {}
            Ok(Ok(_)) => return Err(BrokerError::Refused(target.to_owned())),
            Ok(Err(error)) => return Err(error.into()),
            Err(_) => return Err(BrokerError::Timeout("moving a message")),
        }
        self.context.hook.at(Step::Moved).await;
        self.acknowledge(&delivery).await
    }
}

fn shortened(text: &str) -> &str {
    let mut end = text.len().min(LONGEST_ERROR);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
