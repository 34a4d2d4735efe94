//! Sending a claimed batch in windows.

use super::claim::{self, Claim, Pending};
use super::{Interrupted, Relay};
use crate::amqp::{Backoff, BrokerError};
use crate::consumers::headers;
use crate::faults::Step;
use contracts::topology::EXCHANGE;
use futures::future::join_all;
use lapin::{
    BasicProperties, Channel, Confirmation, PublisherConfirm,
    options::BasicPublishOptions,
    types::{AMQPValue, FieldTable},
};
use primitives::Timestamp;
use std::collections::{HashMap, VecDeque};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

/// A window whose confirms take longer is given up, and the connection with it.
const CONFIRM_TIMEOUT: Duration = Duration::from_secs(10);
const PERSISTENT: u8 = 2;

impl Relay {
    /// Sends the batch in windows of at most one event per aggregate, so that none is sent before its predecessor is confirmed.
    /// Whatever happens, what was not confirmed is given back.
    pub(super) async fn send(
        &self,
        channel: &Channel,
        claim: Claim,
        deadline: Instant,
        shutdown: &CancellationToken,
    ) -> Result<(), Interrupted> {
        let Some(until) = claim.until else {
            return Ok(());
        };
        let mut batch = Batch {
            waiting: by_aggregate(claim.rows),
            ..Batch::default()
        };
        let mut result = Ok(());
        while result.is_ok()
            && !batch.waiting.is_empty()
            && Instant::now() < deadline
            && !shutdown.is_cancelled()
        {
            result = self.window(channel, &mut batch).await;
        }
        batch
            .held
            .extend(batch.waiting.iter().flatten().map(|row| row.seq));
        let returned = self.give_back(until, &batch, deadline, shutdown).await;
        result?;
        Ok(returned?)
    }

    /// A database that was away has broken every connection of the pool, and each tells so only when it is used: what is not given back now would wait
    /// until the lease ends.
    async fn give_back(
        &self,
        until: Timestamp,
        batch: &Batch,
        deadline: Instant,
        shutdown: &CancellationToken,
    ) -> Result<(), sqlx::Error> {
        let mut pauses = Backoff::new();
        loop {
            let returned = claim::give_back(&self.pool, until, &batch.held, &batch.refused).await;
            if returned.is_ok() || Instant::now() >= deadline || shutdown.is_cancelled() {
                return returned;
            }
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = tokio::time::sleep(pauses.next()) => {}
            }
        }
    }

    /// Sends the first event of each aggregate and takes it out of the batch when it is confirmed and deleted.
    async fn window(&self, channel: &Channel, batch: &mut Batch) -> Result<(), Interrupted> {
        let until = Instant::now() + CONFIRM_TIMEOUT;
        let mut sent = Vec::with_capacity(batch.waiting.len());
        let mut failure = None;
        for row in batch.waiting.iter().filter_map(VecDeque::front) {
            match timeout_at(until, self.publish(channel, row)).await {
                Ok(Ok(confirm)) => sent.push((row.seq, confirm)),
                Ok(Err(error)) => failure = Some(error),
                Err(_) => failure = Some(BrokerError::Timeout("sending")),
            }
            if failure.is_some() {
                break;
            }
        }
        self.hook.at(Step::Sent).await;
        let (seqs, confirms): (Vec<i64>, Vec<PublisherConfirm>) = sent.into_iter().unzip();
        let answers = timeout_at(until, join_all(confirms))
            .await
            .map_err(|_| BrokerError::Timeout("confirming"))?;
        let mut confirmed = Vec::with_capacity(seqs.len());
        for (seq, answer) in seqs.into_iter().zip(answers) {
            match answer {
                Ok(Confirmation::Ack(None)) => confirmed.push(seq),
                Ok(answer) => {
                    tracing::warn!(seq, ?answer, "the broker refused an event");
                    metrics::counter!("messaging_publish_refused_total").increment(1);
                    batch.refuse(seq);
                    // Returned although somebody should read it: the bindings are gone. A new session declares them.
                    failure = failure.or(answer
                        .take_message()
                        .map(|m| BrokerError::Refused(m.delivery.routing_key.to_string())));
                }
                Err(error) => failure = Some(error.into()),
            }
        }
        self.hook.at(Step::Confirmed).await;
        if !confirmed.is_empty() {
            claim::delete(&self.pool, &confirmed).await?;
        }
        self.hook.at(Step::Deleted).await;
        for rows in &mut batch.waiting {
            if let Some(row) = rows.pop_front_if(|row| confirmed.contains(&row.seq)) {
                metrics::counter!("messaging_published_total", "event" => row.event_type)
                    .increment(1);
            }
        }
        batch.waiting.retain(|rows| !rows.is_empty());
        failure.map_or(Ok(()), |error| Err(error.into()))
    }

    async fn publish(
        &self,
        channel: &Channel,
        row: &Pending,
    ) -> Result<PublisherConfirm, BrokerError> {
        let text = |name: &str| {
            row.envelope
                .get(name)
                .and_then(|v| v.as_str())
                .unwrap_or_default()
        };
        let mut table = FieldTable::default();
        for name in [headers::TRACEPARENT, headers::SEQUENCE] {
            if !text(name).is_empty() {
                table.insert(name.into(), AMQPValue::LongString(text(name).into()));
            }
        }
        let properties = BasicProperties::default()
            .with_message_id(row.id.to_string().into())
            .with_type(row.event_type.as_str().into())
            .with_app_id(text("source").into())
            .with_content_type("application/cloudevents+json".into())
            .with_delivery_mode(PERSISTENT)
            .with_headers(table);
        // Mandatory only where somebody reads it: an event that nobody wants yet is no error.
        let options = BasicPublishOptions {
            mandatory: self.topology.is_read(&row.event_type),
            ..Default::default()
        };
        let body = row.envelope.to_string();
        if row.attempts > 1 {
            tracing::info!(event_id = %row.id, attempts = row.attempts, "sending an event again");
        }
        Ok(channel
            .basic_publish(
                EXCHANGE.into(),
                row.event_type.as_str().into(),
                options,
                body.as_bytes(),
                properties,
            )
            .await?)
    }
}

/// What is left of a claim.
#[derive(Default)]
struct Batch {
    /// Not sent yet: the rows of each aggregate in their order.
    waiting: Vec<VecDeque<Pending>>,
    /// Refused by the broker.
    refused: Vec<i64>,
    /// Behind a refused one of their aggregate.
    held: Vec<i64>,
}

impl Batch {
    /// Takes an aggregate whose first event was refused out of the batch.
    fn refuse(&mut self, seq: i64) {
        let Some(at) = self
            .waiting
            .iter()
            .position(|rows| rows.front().is_some_and(|row| row.seq == seq))
        else {
            return;
        };
        self.refused.push(seq);
        self.held.extend(
            self.waiting
                .swap_remove(at)
                .iter()
                .skip(1)
                .map(|row| row.seq),
        );
    }
}

/// The rows of each aggregate in their order.
fn by_aggregate(rows: Vec<Pending>) -> Vec<VecDeque<Pending>> {
    let mut index: HashMap<String, usize> = HashMap::new();
    let mut groups: Vec<VecDeque<Pending>> = Vec::new();
    for row in rows {
        let at = *index.entry(row.aggregate.clone()).or_insert_with(|| {
            groups.push(VecDeque::new());
            groups.len() - 1
        });
        groups[at].push_back(row);
    }
    groups
}
