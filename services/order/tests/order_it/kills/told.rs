//! Every event that reaches the broker, in a queue of the test's own.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use contracts::topology::EXCHANGE;
use devstack::rabbitmq::Broker;
use serde_json::{Value, json};
use testkit::eventually_within;
use testkit::http::Client;

/// The name of the queue.
pub(crate) const QUEUE: &str = "told";
const PATH: &str = "/api/queues/%2F/told";

/// A queue that gets everything.
pub(crate) struct Told(Client);

impl Told {
    /// Listens once the programs have declared where they tell.
    pub(crate) async fn listen(broker: &Broker) -> Self {
        let client = Client::new(broker.management_url.clone());
        let queue = json!({"durable": true, "arguments": {"x-queue-type": "quorum"}});
        let _ = client
            .request(reqwest::Method::PUT, PATH)
            .json(&queue)
            .expect(201)
            .await;
        let binding = format!("/api/bindings/%2F/e/{EXCHANGE}/q/{QUEUE}");
        eventually_within(
            Duration::from_secs(30),
            "the programs tell something",
            async || {
                let bind = client.post(&binding).json(&json!({"routing_key": "#"}));
                (bind.send().await.status == 201).then_some(())
            },
        )
        .await;
        Self(client)
    }

    /// What order has told since this was asked the last time: how many events of each type. One that was sent twice is one. When a cart's changes
    /// are told is a matter of chance, so they are not counted.
    pub(crate) async fn by_order(&self) -> BTreeMap<String, usize> {
        let all = json!({"count": 100_000, "ackmode": "ack_requeue_false", "encoding": "auto"});
        // Right after its start the broker may not know the queue yet.
        let messages = eventually_within(
            Duration::from_secs(30),
            "the queue says what was told",
            async || {
                let get = self.0.post(&format!("{PATH}/get")).json(&all);
                let answer = get.try_send().await.ok()?;
                (answer.status == 200).then(|| answer.value())
            },
        )
        .await;
        let told: BTreeSet<(String, String)> = messages
            .as_array()
            .unwrap()
            .iter()
            .map(|message| {
                serde_json::from_str::<Value>(message["payload"].as_str().unwrap()).unwrap()
            })
            .filter(|event| event["source"] == "mercato/order" && event["type"] != "cart.updated")
            .map(|event| (text(&event["type"]), text(&event["id"])))
            .collect();
        let mut counts = BTreeMap::new();
        for (kind, _) in told {
            *counts.entry(kind).or_default() += 1;
        }
        counts
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
