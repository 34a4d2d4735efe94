//! Everything the stand-in knows, and the rules by which it changes.
//!
//! All of it is synchronous and behind one lock, so each request sees and leaves a consistent world.

mod balance;
mod charges;
mod customers;
mod disputes;
mod intents;
mod paying;
mod refunds;
mod sessions;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::error::ApiError;
use crate::form::Params;
use crate::idempotency::Keys;
use crate::model::balance::BalanceTransaction;
use crate::model::charge::Charge;
use crate::model::customer::Customer;
use crate::model::dispute::Dispute;
use crate::model::event::Event;
use crate::model::intent::Intent;
use crate::model::payment_method::SavedCard;
use crate::model::refund::Refund;
use crate::model::session::Session;
use crate::table::Table;
use crate::{clock, page, token};

/// The result of an operation: the body of a 200, or a refusal.
pub type Answer = Result<Value, ApiError>;

/// The whole state.
#[derive(Debug, Default)]
pub struct World {
    /// Payment intents.
    pub intents: Table<Intent>,
    /// Charges.
    pub charges: Table<Charge>,
    /// Refunds.
    pub refunds: Table<Refund>,
    /// Customers.
    pub customers: Table<Customer>,
    /// Cards that customers saved.
    pub saved_cards: Table<SavedCard>,
    /// Checkout Sessions.
    pub sessions: Table<Session>,
    /// Disputes.
    pub disputes: Table<Dispute>,
    /// Balance transactions.
    pub balance: Table<BalanceTransaction>,
    /// Events.
    pub events: Table<Event>,
    /// Answers by idempotency key.
    pub keys: Keys,
    /// Events not yet given to the webhook sender.
    pub fresh_events: Vec<String>,
    /// Whether everything was forgotten since the state was last written down.
    pub forgotten: bool,
    /// The request being served: its id and idempotency key.
    pub request: (Option<String>, Option<String>),
    /// Where the stand-in's own pages are, without a slash at the end.
    pub pages: String,
}

impl World {
    /// Forgets everything.
    pub fn forget(&mut self) {
        *self = Self {
            forgotten: true,
            pages: std::mem::take(&mut self.pages),
            ..Self::default()
        };
    }

    /// Counts everything as changed.
    pub fn touch_all(&mut self) {
        self.intents.touch_all();
        self.charges.touch_all();
        self.refunds.touch_all();
        self.customers.touch_all();
        self.saved_cards.touch_all();
        self.sessions.touch_all();
        self.disputes.touch_all();
        self.balance.touch_all();
        self.events.touch_all();
        self.keys.touch_all();
    }

    /// Writes an event down; the webhook sender picks it up when the lock is released.
    pub fn happened(&mut self, kind: &str, object: Value) {
        self.happened_to(kind, object, None);
    }

    /// The same, with the changed fields as they were before.
    pub fn happened_to(&mut self, kind: &str, object: Value, previous_attributes: Option<Value>) {
        let event = Event {
            id: token::new("evt"),
            created: clock::now(),
            kind: kind.to_owned(),
            object,
            previous_attributes,
            request: self.request.0.clone(),
            idempotency_key: self.request.1.clone(),
            pending_webhooks: 0,
        };
        self.fresh_events.push(event.id.clone());
        self.events.put(event);
    }

    /// Replaces the ids that `expand[]` names by the objects themselves.
    #[must_use]
    pub fn expand(&self, mut object: Value, params: &Params) -> Value {
        for path in params.list("expand") {
            if let Some(inner) = path.strip_prefix("data.") {
                for row in object["data"].as_array_mut().into_iter().flatten() {
                    self.expand_path(row, inner);
                }
            } else {
                self.expand_path(&mut object, &path);
            }
        }
        object
    }

    fn expand_path(&self, object: &mut Value, path: &str) {
        let (field, rest) = path.split_once('.').unwrap_or((path, ""));
        if object["object"] == "charge" && field == "refunds" {
            let id = object["id"].as_str().unwrap_or_default().to_owned();
            let rows: Vec<_> = self
                .refunds
                .newest_first()
                .filter(|refund| refund.charge == id)
                .map(Refund::render)
                .collect();
            object["refunds"] = serde_json::json!({
                "object": "list", "data": rows, "has_more": false, "url": format!("/v1/charges/{id}/refunds"),
            });
            return;
        }
        if let Some(id) = object.get(field).and_then(Value::as_str).map(String::from)
            && let Some(found) = self.lookup(field, &id)
        {
            object[field] = found;
        }
        if !rest.is_empty() && object.get(field).is_some_and(Value::is_object) {
            self.expand_path(&mut object[field], rest);
        }
    }

    fn lookup(&self, field: &str, id: &str) -> Option<Value> {
        match field {
            "latest_charge" | "charge" => self.charges.get(id).map(Charge::render),
            "payment_intent" => self.intents.get(id).map(Intent::render),
            "customer" => self.customers.get(id).map(Customer::render),
            "payment_method" => self.saved_cards.get(id).map(SavedCard::render),
            "balance_transaction" => self.balance.get(id).map(BalanceTransaction::render),
            _ => None,
        }
    }

    /// The event of `id`.
    ///
    /// # Errors
    /// 404.
    pub fn event(&self, id: &str) -> Answer {
        self.events
            .get(id)
            .map(Event::render)
            .ok_or_else(|| ApiError::missing("event", "id", id))
    }

    /// A page of events.
    ///
    /// # Errors
    /// For bad paging parameters.
    pub fn list_events(&self, params: &Params) -> Answer {
        let mut kinds = params.list("types");
        kinds.extend(params.text("type").map(String::from));
        let wanted = |event: &&Event| {
            kinds.is_empty()
                || kinds.iter().any(|kind| match kind.strip_suffix('*') {
                    Some(prefix) => event.kind.starts_with(prefix),
                    None => *kind == event.kind,
                })
        };
        page::page(
            "/v1/events",
            params,
            self.events
                .newest_first()
                .filter(wanted)
                .map(Event::render)
                .collect(),
        )
    }
}

/// Applies `metadata[…]`: keys given are set, keys given empty are removed.
fn merge_metadata(target: &mut BTreeMap<String, String>, params: &Params) {
    for (key, value) in params.map("metadata").unwrap_or_default() {
        if value.is_empty() {
            target.remove(&key);
        } else {
            target.insert(key, value);
        }
    }
}
