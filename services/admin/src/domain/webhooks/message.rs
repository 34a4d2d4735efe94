//! What an endpoint gets to read.

use contracts::events::{Event as _, OrderConfirmed, OrderCreated, UserRegistered, UserUpdated};
use contracts::topology::WEBHOOKS;
use primitives::{EventId, Timestamp, UserId};
use serde::Serialize;
use serde_json::Value;

/// The type of what is sent to try an endpoint out.
pub(crate) const PING: &str = "webhook.ping";

/// Something that happened.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) id: EventId,
    pub(crate) kind: String,
    pub(crate) subject: String,
    pub(crate) occurred_at: Timestamp,
    pub(crate) sequence: Option<i64>,
    /// As `contracts` defines it.
    pub(crate) data: Value,
}

#[derive(Serialize)]
struct Body<'a> {
    id: EventId,
    #[serde(rename = "type")]
    kind: &'a str,
    timestamp: Timestamp,
    subject: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence: Option<i64>,
    data: &'a Value,
}

/// The fields of an event that are somebody's name or address. Everything else that an endpoint may hear of are ids, amounts and words of the shop.
fn personal(kind: &str) -> &'static [&'static str] {
    match kind {
        OrderCreated::TYPE | OrderConfirmed::TYPE => &["email"],
        UserRegistered::TYPE | UserUpdated::TYPE => &["email", "name"],
        _ => &[],
    }
}

/// `data` without anybody's name and address.
pub(crate) fn without_names(kind: &str, mut data: Value) -> Value {
    if let Some(fields) = data.as_object_mut() {
        for name in personal(kind) {
            fields.remove(*name);
        }
    }
    data
}

/// Which user the data tells of.
pub(crate) fn user(data: &Value) -> Option<UserId> {
    data.get("user_id")?.as_str()?.parse().ok()
}

impl Message {
    /// The bytes that are sent and signed: the same for each try.
    pub(crate) fn body(&self, names: bool) -> serde_json::Result<String> {
        let bare;
        let data = if names {
            &self.data
        } else {
            bare = without_names(&self.kind, self.data.clone());
            &bare
        };
        serde_json::to_string(&Body {
            id: self.id,
            kind: &self.kind,
            timestamp: self.occurred_at,
            subject: &self.subject,
            sequence: self.sequence,
            data,
        })
    }
}

/// What endpoints may ask for, by kind: `order`, `payment` and so on.
pub(crate) fn catalogue() -> Vec<(&'static str, Vec<&'static str>)> {
    let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
    for event in WEBHOOKS.events {
        let kind = event.split('.').next().unwrap_or(event);
        match groups.iter_mut().find(|(name, _)| *name == kind) {
            Some((_, events)) => events.push(event),
            None => groups.push((kind, vec![event])),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn message(kind: &str, data: Value) -> Message {
        Message {
            id: "019f0000-0000-7000-8000-000000000000".parse().unwrap(),
            kind: kind.to_owned(),
            subject: "order:1".to_owned(),
            occurred_at: Timestamp::from_unix(1_800_000_000),
            sequence: Some(7),
            data,
        }
    }

    #[test]
    fn names_are_left_out_unless_the_endpoint_may_have_them() {
        let data = json!({"user_id": "u", "email": "anna@example.com", "name": "Anna", "role": "customer"});
        let told = message("user.updated", data);
        let body: Value = serde_json::from_str(&told.body(false).unwrap()).unwrap();
        assert_eq!(
            body,
            json!({"id": "019f0000-0000-7000-8000-000000000000", "type": "user.updated", "timestamp": "2027-01-15T08:00:00Z",
                "subject": "order:1", "sequence": 7, "data": {"user_id": "u", "role": "customer"}})
        );
        assert!(told.body(true).unwrap().contains("anna@example.com"));
        // A category has a name, and it is nobody's.
        let category = message("category.changed", json!({"name": "Lamps"}));
        assert!(category.body(false).unwrap().contains("Lamps"));
    }

    #[test]
    fn every_event_is_offered_once() {
        let offered: Vec<_> = catalogue()
            .into_iter()
            .flat_map(|(_, events)| events)
            .collect();
        assert_eq!(offered, WEBHOOKS.events);
        for inside in ["email.notification", "staff.acted", "cart.updated"] {
            assert!(!offered.contains(&inside), "{inside}");
        }
    }
}
