//! The AMQP headers of Mercato's messages. Staff tools read those of dead letters.

use lapin::types::{AMQPValue, FieldTable};

/// W3C trace context of what caused the event.
pub const TRACEPARENT: &str = "traceparent";
/// The event's place among those of its aggregate.
pub const SEQUENCE: &str = "sequence";
/// How many tries have failed (integer). Whoever requeues a dead letter leaves it out, so that the event gets all its tries again.
pub const ATTEMPTS: &str = "x-mercato-attempts";
/// Why an event is dead: `poison` (unreadable), `rejected` (by the handler), `exhausted` (the last try failed). A dead letter without
/// it was given up by the broker, whose `x-first-death-reason` says `delivery_limit`.
pub const REASON: &str = "x-mercato-reason";
/// What went wrong the last time, for people.
pub const ERROR: &str = "x-mercato-error";
/// The queue that the event was in: the routing key (on the default exchange) for requeueing it.
pub const QUEUE: &str = "x-mercato-queue";
/// When it was given up, for people.
pub const DIED_AT: &str = "x-mercato-died-at";
/// How often staff have put it back into its queue (integer). It goes with the event from try to try.
pub const REQUEUED: &str = "x-mercato-requeued";

/// An integer header.
pub(crate) fn integer(table: Option<&FieldTable>, name: &str) -> Option<u32> {
    match table?.inner().get(name)? {
        AMQPValue::LongInt(n) => u32::try_from(*n).ok(),
        AMQPValue::LongLongInt(n) => u32::try_from(*n).ok(),
        AMQPValue::LongUInt(n) => Some(*n),
        AMQPValue::ShortInt(n) => u32::try_from(*n).ok(),
        AMQPValue::ShortShortInt(n) => u32::try_from(*n).ok(),
        _ => None,
    }
}
