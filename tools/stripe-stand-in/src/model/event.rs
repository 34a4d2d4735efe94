//! Events: what happened, with the object as it was then.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::API_VERSION;
use crate::table::Row;

/// Something that happened.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Event {
    /// `evt_…`
    pub id: String,
    /// When.
    pub created: i64,
    /// Such as `payment_intent.succeeded`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The object after the change.
    pub object: Value,
    /// For `*.updated`: the changed fields' values before.
    pub previous_attributes: Option<Value>,
    /// The request that caused it.
    pub request: Option<String>,
    /// Its idempotency key.
    pub idempotency_key: Option<String>,
    /// How many endpoints have yet to acknowledge it.
    pub pending_webhooks: i64,
}

impl Row for Event {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Event {
    /// The object as Stripe shows and sends it.
    #[must_use]
    pub fn render(&self) -> Value {
        let mut data = json!({ "object": self.object });
        if let Some(previous) = &self.previous_attributes {
            data["previous_attributes"] = previous.clone();
        }
        json!({
            "id": self.id,
            "object": "event",
            "api_version": API_VERSION,
            "created": self.created,
            "data": data,
            "livemode": false,
            "pending_webhooks": self.pending_webhooks,
            "request": {"id": self.request, "idempotency_key": self.idempotency_key},
            "type": self.kind,
        })
    }
}
