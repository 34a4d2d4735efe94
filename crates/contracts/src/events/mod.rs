//! Domain events in CloudEvents 1.0 JSON envelopes.
//!
//! A payload may gain optional fields; it never loses or changes one: that is a new event type.

mod cart;
mod category;
mod email;
mod inventory;
mod order;
mod payment;
mod product;
mod review;
mod sequence;
mod settings;
mod staff;
mod user;

pub use cart::*;
pub use category::*;
pub use email::*;
pub use inventory::*;
pub use order::*;
pub use payment::*;
pub use product::*;
pub use review::*;
pub use settings::*;
pub use staff::*;
pub use user::*;

use primitives::{EventId, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// A payload that is published under a type of its own.
pub trait Event: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The CloudEvents `type`, which is also the routing key.
    const TYPE: &'static str;

    /// The CloudEvents `subject`: the aggregate that the event is about, as `kind:id`. Events of one subject are
    /// published in the order in which they were written.
    fn subject(&self) -> String;
}

/// CloudEvents 1.0, structured JSON mode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope<E> {
    /// Always `1.0`.
    pub specversion: String,
    /// Unique for ever: the id of the outbox row, by which consumers recognise a redelivery.
    pub id: EventId,
    /// [`Event::TYPE`].
    #[serde(rename = "type")]
    pub event_type: String,
    /// The service that wrote it, such as `mercato/order`.
    pub source: String,
    /// [`Event::subject`].
    pub subject: String,
    /// When it happened.
    pub time: Timestamp,
    /// Always `application/json`.
    pub datacontenttype: String,
    /// W3C trace context of the request that caused it (CloudEvents distributed tracing extension).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// Grows with every event of the subject, so that a consumer can tell an older event from a newer one (CloudEvents sequence
    /// extension: digits that sort as text). Set by the outbox; absent before.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "sequence")]
    pub sequence: Option<i64>,
    /// The payload.
    pub data: E,
}

impl<E: Event> Envelope<E> {
    /// Wraps a payload.
    pub fn new(
        id: EventId,
        source: &str,
        time: Timestamp,
        traceparent: Option<String>,
        data: E,
    ) -> Self {
        Self {
            specversion: "1.0".to_owned(),
            id,
            event_type: E::TYPE.to_owned(),
            source: source.to_owned(),
            subject: data.subject(),
            time,
            datacontenttype: "application/json".to_owned(),
            traceparent,
            sequence: None,
            data,
        }
    }
}

/// Declares payloads: `Name = "type" about kind(field) { fields }`.
macro_rules! events {
    ($($(#[$doc:meta])* $name:ident = $type:literal about $kind:literal ($subject:ident) {
        $($(#[$field_doc:meta])* $field:ident: $field_type:ty,)*
    })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        pub struct $name {
            $($(#[$field_doc])* pub $field: $field_type,)*
        }

        impl $crate::events::Event for $name {
            const TYPE: &'static str = $type;
            fn subject(&self) -> String {
                format!(concat!($kind, ":{}"), self.$subject)
            }
        }
    )*};
}
use events;

#[cfg(test)]
mod tests;
