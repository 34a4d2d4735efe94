//! The writing half of the outbox.

use contracts::events::{Envelope, Event};
use primitives::{Clock, EventId, Random};
use sqlx::PgConnection;

/// The first half of the advisory lock key that a publisher holds on an aggregate until its transaction ends.
const AGGREGATE_LOCK: i32 = 0x6d72_6374;

/// Writes events into the outbox of the caller's transaction.
#[derive(Clone, Debug)]
pub struct Publisher {
    source: &'static str,
    clock: Clock,
    random: Random,
}

impl Publisher {
    /// `source` is the CloudEvents source, such as `mercato/order`.
    pub fn new(source: &'static str, clock: Clock, random: Random) -> Self {
        Self {
            source,
            clock,
            random,
        }
    }

    /// Writes the event and wakes the relay when the transaction commits. One statement.
    ///
    /// The transaction holds a lock on the event's subject from here to its end, so that the order of an aggregate's events is the
    /// order in which their transactions commit, even if these lock no row in common. Who publishes for several aggregates in one
    /// transaction takes them in a fixed order, as with row locks.
    pub async fn publish<E: Event + Clone>(
        &self,
        tx: &mut PgConnection,
        event: &E,
    ) -> Result<EventId, sqlx::Error> {
        let now = self.clock.now();
        let id = EventId::new(now, &self.random);
        let envelope = Envelope::new(
            id,
            self.source,
            now,
            runtime::trace::traceparent(),
            event.clone(),
        );
        let json = serde_json::to_value(&envelope).map_err(|e| sqlx::Error::Encode(e.into()))?;
        // The lock comes first, then the number, then the row: each step reads the one before.
        sqlx::query(
            "WITH locked AS MATERIALIZED (SELECT pg_advisory_xact_lock($1, hashtext($2))),
                  numbered AS MATERIALIZED (SELECT nextval(pg_get_serial_sequence('outbox', 'seq')) AS seq FROM locked),
                  written AS (
                    INSERT INTO outbox (seq, id, aggregate, event_type, envelope) OVERRIDING SYSTEM VALUE
                    SELECT seq, $3, $2, $4, $5 || jsonb_build_object('sequence', lpad(seq::text, 19, '0')) FROM numbered)
             SELECT pg_notify('outbox', '')",
        )
        .bind(AGGREGATE_LOCK)
        .bind(&envelope.subject)
        .bind(id.uuid())
        .bind(E::TYPE)
        .bind(json)
        .execute(tx)
        .await?;
        Ok(id)
    }
    /// Writes events of one type, each with the trace context of its own cause. One statement for any number.
    ///
    /// As with [`Self::publish`], the transaction holds a lock on each subject; they are taken in one order, whoever takes them.
    pub async fn publish_all<E: Event + Clone>(
        &self,
        tx: &mut PgConnection,
        events: &[Traced<E>],
    ) -> Result<(), sqlx::Error> {
        if events.is_empty() {
            return Ok(());
        }
        let now = self.clock.now();
        let (mut ids, mut subjects, mut envelopes) = (Vec::new(), Vec::new(), Vec::new());
        for Traced { traceparent, event } in events {
            let id = EventId::new(now, &self.random);
            let envelope = Envelope::new(id, self.source, now, traceparent.clone(), event.clone());
            ids.push(id.uuid());
            envelopes
                .push(serde_json::to_value(&envelope).map_err(|e| sqlx::Error::Encode(e.into()))?);
            subjects.push(envelope.subject);
        }
        sqlx::query(
            "WITH event AS MATERIALIZED (
                    SELECT * FROM unnest($2::uuid[], $3::text[], $4::jsonb[]) WITH ORDINALITY AS e (id, subject, envelope, place)
                     ORDER BY hashtext(subject)),
                  locked AS MATERIALIZED (SELECT *, pg_advisory_xact_lock($1, hashtext(subject)) FROM event),
                  numbered AS MATERIALIZED (
                    SELECT *, nextval(pg_get_serial_sequence('outbox', 'seq')) AS seq FROM (SELECT * FROM locked ORDER BY place) l),
                  written AS (
                    INSERT INTO outbox (seq, id, aggregate, event_type, envelope) OVERRIDING SYSTEM VALUE
                    SELECT seq, id, subject, $5, envelope || jsonb_build_object('sequence', lpad(seq::text, 19, '0')) FROM numbered)
             SELECT pg_notify('outbox', '')",
        )
        .bind(AGGREGATE_LOCK)
        .bind(ids)
        .bind(subjects)
        .bind(envelopes)
        .bind(E::TYPE)
        .execute(tx)
        .await?;
        Ok(())
    }
}

/// An event and the trace context of what caused it, for who publishes on behalf of several requests.
#[derive(Clone, Debug)]
pub struct Traced<E> {
    /// From [`runtime::trace::traceparent`], taken where the cause was.
    pub traceparent: Option<String>,
    /// What happened.
    pub event: E,
}
