//! Events between services: written in the caller's transaction, published with confirms, applied once.
//!
//! # Usage
//!
//! The tables of [`MIGRATION`] (`crates/messaging/schema.sql`, copied verbatim) stand in each service's first migration.
//!
//! **Publish** in the transaction of the change (the publisher is cheap to clone; keep it in the service's state):
//!
//! ```text
//! let publisher = messaging::Publisher::new("mercato/order", runtime.clock(), runtime.random());
//! let event_id = publisher.publish(&mut tx, &OrderConfirmed { … }).await?;   // sqlx::Error on failure; `tx` is a &mut PgConnection
//! ```
//!
//! **Relay**: one background task in each process that publishes:
//!
//! ```text
//! runtime.spawn("relay", move |shutdown| messaging::relay::run(pool, amqp_url, shutdown));   // amqp_url: SecretString; output ()
//! ```
//!
//! **Consume**: a handler is a value with its own state that implements [`Handler`] for an event:
//!
//! ```text
//! struct TakeStock { clock: Clock }
//!
//! impl messaging::Handler<OrderConfirmed> for TakeStock {
//!     async fn handle(&self, tx: &mut PgConnection, event: Envelope<OrderConfirmed>) -> Result<(), HandlerError> {
//!         store::reservations::commit(tx, event.data.order_id, self.clock.now()).await?;   // sqlx and anyhow errors: tried again later
//!         Ok(())
//!     }
//! }
//!
//! let consumers = messaging::Consumers::new("product", pool, amqp_url)
//!     .on::<OrderConfirmed>(TakeStock { clock })
//!     .on::<OrderCancelled>(ReleaseStock);
//! runtime.spawn("consumers", move |shutdown| consumers.run(shutdown));
//! ```
//!
//! `on::<E>` consumes the queue `<E::TYPE>.<consumer>` (`email.notification` for the mail worker), which must be in
//! `contracts::topology`. The inbox row, whatever the handler writes through `tx` and whatever it publishes through `tx` are committed
//! together, or not at all; only then is the delivery acknowledged.
//!
//! `on_feed` consumes one of `contracts::topology::FEEDS`, a queue of many events, with a [`FeedHandler`] that gets each envelope as JSON.
//!
//! # What a handler may rely on, and what it must do
//!
//! - Its effect is committed at most once per event id, and, short of [`HandlerError::Reject`] or the last failed try, at least once.
//! - Nothing remote is called in a handler: it runs inside a transaction. Record the work in a row and let a job do it.
//! - Events of one aggregate (`subject`) are published in the order in which they were committed, and the deliveries of one queue
//!   are handled in that order for each aggregate, also with several replicas (single active consumer, one lane per aggregate).
//! - **Two things still reorder**: queues of different event types have no order between them, and an event that waits for a retry is
//!   overtaken by later ones. So a handler must be based on state, not on order: compare with what is stored and ignore what is
//!   older ("insert or, if this is newer, update"), never assume that an earlier event has been seen. [`Handler::handle`] receives
//!   the envelope's `sequence` for this: it grows with every event of an aggregate, so
//!   `UPDATE … WHERE sequence < $1` makes a late event a no-op instead of a lost update.
//!
//! # What never enters this crate
//!
//! Event types, queue names (both in `contracts`), business rules, query macros (their `.sqlx` data would land in the dependents).

mod amqp;
mod consumers;
pub mod dead_letters;
mod error;
#[doc(hidden)]
pub mod faults;
mod inbox;
mod publisher;
pub mod relay;
pub mod topology;
pub mod watch;

pub use consumers::{Consumers, FeedHandler, Handler, headers};
pub use error::HandlerError;
pub use publisher::{Publisher, Traced};

/// The tables this crate works on. Each service's first migration contains this text verbatim.
pub const MIGRATION: &str = include_str!("../schema.sql");
