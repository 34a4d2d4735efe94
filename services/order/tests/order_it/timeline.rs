//! Following a timeline live.

use std::time::Duration;

use auth_token::Role;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::shop::{Person, Shop, id};

/// Somebody who follows.
struct Follower {
    response: reqwest::Response,
    buffer: String,
}

/// A message of the stream.
#[derive(Debug, Default)]
struct Message {
    event: String,
    id: String,
    data: Value,
}

impl Follower {
    async fn new(url: &str, headers: &[(&str, &str)]) -> Self {
        let mut request = reqwest::Client::builder()
            .no_proxy()
            .build()
            .unwrap()
            .get(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["x-accel-buffering"], "no");
        Self {
            response,
            buffer: String::new(),
        }
    }

    /// The next message that says something; none when the stream has ended.
    async fn next(&mut self) -> Option<Message> {
        let wait = Duration::from_secs(20);
        loop {
            if let Some((block, rest)) = self.buffer.split_once("\n\n") {
                let mut message = Message::default();
                for line in block.lines() {
                    match line.split_once(':').unwrap() {
                        ("event", event) => message.event = event.trim().to_owned(),
                        ("id", id) => message.id = id.trim().to_owned(),
                        ("data", data) => message.data = serde_json::from_str(data).unwrap(),
                        _ => {}
                    }
                }
                self.buffer = rest.to_owned();
                if message.data.is_null() {
                    continue;
                }
                return Some(message);
            }
            let chunk = tokio::time::timeout(wait, self.response.chunk()).await;
            let chunk = chunk.expect("something within a while").unwrap()?;
            self.buffer.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    async fn kind(&mut self) -> String {
        let message = self.next().await.expect("a message");
        assert_eq!(message.data["id"], message.id.as_str());
        message.data["type"].as_str().unwrap().to_owned()
    }
}

fn url(shop: &Shop, order: &Value) -> String {
    format!("{}/api/orders/{}/events/stream", shop.url, id(order))
}

fn bearer(person: &Person) -> String {
    format!("Bearer {}", person.token)
}

async fn note(shop: &Shop, order: &Value, staff: &Person, message: &str) {
    let _ = shop
        .client
        .post(&format!("/api/orders/{}/notes", id(order)))
        .bearer(&staff.token)
        .json(&json!({"message": message}))
        .expect(201)
        .await;
}

#[tokio::test]
async fn a_timeline_is_followed_live_and_continued_where_it_broke_off() {
    let shop = Shop::open().await;
    let ended = CancellationToken::new();
    let listening = tokio::spawn(shop.app.follow_timelines(ended.clone()));
    let (anna, support) = (shop.person(Role::Customer), shop.person(Role::Support));
    let order = shop.placed(&anna, shop.peer.sell(1000, 100), 1).await;
    let (hers, theirs) = (bearer(&anna), bearer(&support));
    let mut customer = Follower::new(&url(&shop, &order), &[("authorization", &hers)]).await;
    // As a browser's EventSource asks.
    let plain = url(&shop, &order).replace("/stream", "");
    let stream = ("accept", "text/event-stream");
    let mut staff = Follower::new(&plain, &[("authorization", &theirs), stream]).await;
    let placed = customer.next().await.unwrap();
    assert_eq!(placed.data["type"], "order.placed");
    assert_eq!(staff.kind().await, "order.placed");

    note(&shop, &order, &support, "between staff").await;
    let _ = shop
        .client
        .put(&format!("/api/orders/{}/cancel", id(&order)))
        .bearer(&anna.token)
        .expect(200)
        .await;
    assert_eq!(staff.kind().await, "note");
    assert_eq!(staff.kind().await, "order.cancelled");
    let cancelled = customer.next().await.unwrap();
    assert_eq!(
        (&cancelled.data["type"], &cancelled.data["actor"]),
        (&json!("order.cancelled"), &json!("customer"))
    );

    let again = [
        ("authorization", hers.as_str()),
        ("last-event-id", &placed.id),
    ];
    let mut again = Follower::new(&url(&shop, &order), &again).await;
    assert_eq!(again.next().await.unwrap().id, cancelled.id);

    // The service stops: who follows is sent away, to come back to another.
    ended.cancel();
    for mut follower in [customer, staff, again] {
        assert!(follower.next().await.is_none());
    }
    listening.await.unwrap();
}

/// Nobody listens for this process: what the database tells is lost, as behind a pooler. Everybody looks by themselves then.
#[tokio::test]
async fn a_timeline_is_followed_although_nothing_is_heard() {
    let shop = Shop::open().await;
    let (anna, support) = (shop.person(Role::Customer), shop.person(Role::Support));
    let order = shop.placed(&anna, shop.peer.sell(1000, 100), 1).await;
    let mut staff =
        Follower::new(&url(&shop, &order), &[("authorization", &bearer(&support))]).await;
    assert_eq!(staff.kind().await, "order.placed");
    note(&shop, &order, &support, "slow but sure").await;
    assert_eq!(staff.kind().await, "note");
}

#[tokio::test]
async fn following_ends_when_the_right_to_it_does() {
    let shop = Shop::open().await;
    let (anna, support) = (shop.person(Role::Customer), shop.person(Role::Support));
    let variant = shop.peer.sell(1000, 100);
    let order = shop.placed(&anna, variant, 1).await;
    let short = shop.short_lived(&support);
    let headers = [("authorization", format!("Bearer {short}"))];
    let headers = headers
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let mut staff = Follower::new(&url(&shop, &order), &headers).await;
    assert_eq!(staff.kind().await, "order.placed");
    let end = staff.next().await.unwrap();
    assert_eq!(
        (end.event.as_str(), &end.data["code"]),
        ("end", &json!("token_expired"))
    );
    assert!(staff.next().await.is_none());

    // A guest's token opens one order, until the order is an account's.
    let cart = shop.guest_cart(variant, 1).await;
    let order = shop.order_as_guest(&cart).expect(201).await.value();
    let token = order["guest_token"].as_str().unwrap();
    let mut guest = Follower::new(&url(&shop, &order), &[("x-order-token", token)]).await;
    assert_eq!(guest.kind().await, "order.placed");
    sqlx::query("UPDATE orders SET guest_token_hash = NULL WHERE id = $1")
        .bind(id(&order).uuid())
        .execute(&shop.pool)
        .await
        .unwrap();
    let end = guest.next().await.unwrap();
    assert_eq!(end.data["code"], "not_found");

    // To others it is not there.
    shop.client
        .get(&format!("/api/orders/{}/events/stream", id(&order)))
        .bearer(&anna.token)
        .send()
        .await
        .problem(404, "not_found");
}
