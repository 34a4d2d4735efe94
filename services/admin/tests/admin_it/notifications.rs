//! What people are told: by events, listed, read, muted, live; and what goes with an account.

use std::time::Duration;

use auth_token::{Claims, OnBehalfOf, Role};
use contracts::events::{
    OrderCancelled, OrderRefunded, OrderShipped, ProductApproved, ReviewModerated, UserDeleted,
};
use primitives::{Currency, Money};
use serde_json::{Value, json};
use testkit::broker::Vhost;
use testkit::eventually;
use tokio_util::sync::CancellationToken;

use crate::events::{Running, envelope, publish};
use crate::panel::{Panel, Person};
use crate::seed::NewOrder;

async fn told(person: &Person) -> Vec<String> {
    let page = person
        .client
        .get("/api/notifications")
        .expect(200)
        .await
        .value();
    let messages = page["data"].as_array().unwrap().iter();
    messages
        .map(|one| one["message"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn customers_are_told_of_their_orders_and_sellers_of_their_products() {
    let vhost = Vhost::create().await.unwrap();
    let panel = Panel::with_broker(vhost.amqp_url()).await;
    let (anna, seller) = (
        panel.person(Role::Customer).await,
        panel.person(Role::Seller).await,
    );
    let order = panel
        .order(NewOrder {
            user: Some(anna.id.uuid()),
            ..NewOrder::default()
        })
        .await;
    let guests = panel.order(NewOrder::default()).await;
    let muted = json!({"muted": ["order.refunded"]});
    let _ = anna
        .client
        .put("/api/notifications/preferences")
        .json(&muted)
        .expect(200)
        .await;
    let wrong = json!({"muted": ["order.refunded", "weather"]});
    let problem = anna
        .client
        .put("/api/notifications/preferences")
        .json(&wrong)
        .send()
        .await;
    assert_eq!(
        problem.problem(422, "validation_failed")["errors"][0]["field"],
        "muted[1]"
    );

    let running = Running::start(&panel).await;
    for seeded in [&order, &guests] {
        let shipped = OrderShipped {
            order_id: seeded.id,
            number: "1000042".to_owned(),
            shipment_id: panel.id().into(),
            carrier: "DHL".to_owned(),
            tracking_number: "T-1".to_owned(),
        };
        let shipped = envelope(&panel, shipped);
        publish(&vhost, &shipped).await;
        publish(&vhost, &shipped).await;
    }
    let amount = Money::new(500, Currency::EUR);
    let number = || "1000042".to_owned();
    let refunded = OrderRefunded {
        order_id: order.id,
        number: number(),
        amount,
        fully: false,
    };
    publish(&vhost, &envelope(&panel, refunded)).await;
    let approved = ProductApproved {
        product_id: panel.id().into(),
        title: "Lamp".to_owned(),
        seller_id: seller.id,
    };
    publish(&vhost, &envelope(&panel, approved)).await;
    let moderated = ReviewModerated {
        review_id: panel.id().into(),
        product_id: panel.id().into(),
        user_id: anna.id,
        status: "hidden".to_owned(),
        reason: Some("It names somebody.".to_owned()),
    };
    publish(&vhost, &envelope(&panel, moderated)).await;
    let cancelled = OrderCancelled {
        order_id: order.id,
        number: number(),
        reason: "out_of_stock".to_owned(),
        restock: None,
    };
    publish(&vhost, &envelope(&panel, cancelled)).await;
    eventually("all are told", async || {
        (told(&anna).await.len() >= 3 && !told(&seller).await.is_empty()).then_some(())
    })
    .await;
    let mut messages = told(&anna).await;
    messages.sort_unstable();
    assert_eq!(
        messages,
        [
            "A parcel of your order 1000042 is on its way with DHL: T-1.",
            "Your order 1000042 is cancelled: something of it is sold out.",
            "Your review is not shown: It names somebody.",
        ]
    );
    assert_eq!(told(&seller).await, ["“Lamp” is approved."]);
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM order_news")
        .fetch_one(&panel.admin_db)
        .await
        .unwrap();
    assert_eq!(left, 0, "guests have no place to be told");

    // Read one, then all.
    let page = anna
        .client
        .get("/api/notifications?limit=2")
        .expect(200)
        .await
        .value();
    assert_eq!(page["unread"], 3);
    let first = &page["data"][0];
    let path = format!("/api/notifications/{}", first["id"].as_str().unwrap());
    let read = anna
        .client
        .patch(&path)
        .json(&json!({"read": true}))
        .expect(200)
        .await
        .value();
    assert!(read["read_at"].is_string());
    seller
        .client
        .patch(&path)
        .json(&json!({"read": true}))
        .send()
        .await
        .problem(404, "not_found");
    let unread = anna
        .client
        .get("/api/notifications?unread=true")
        .expect(200)
        .await
        .value();
    assert_eq!(unread["data"].as_array().unwrap().len(), 2);
    let cursor = page["next_cursor"].as_str().unwrap();
    let rest = anna
        .client
        .get(&format!("/api/notifications?cursor={cursor}"))
        .expect(200)
        .await
        .value();
    assert_eq!(rest["data"].as_array().unwrap().len(), 1);
    let all = anna
        .client
        .post("/api/notifications/read")
        .json(&json!({}))
        .expect(200)
        .await
        .value();
    assert_eq!(all, json!({"marked": 2}));

    // What is kept of somebody comes with their data, and goes with their account.
    let thread = anna.writes_to_support("Late").await;
    let export = panel
        .internal
        .get(&format!("/internal/users/{}/export", anna.id))
        .bearer(&in_the_name_of(&panel, &anna))
        .expect(200)
        .await
        .value();
    assert_eq!(
        export["sections"]["conversations"][0]["messages"][0]["body"],
        "Where is my parcel?"
    );
    assert_eq!(
        export["sections"]["notifications"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    assert_eq!(
        export["sections"]["notification_preferences"],
        json!([{"muted": ["order.refunded"]}])
    );
    let others = panel
        .internal
        .get(&format!("/internal/users/{}/export", seller.id))
        .bearer(&in_the_name_of(&panel, &anna));
    others.send().await.problem(403, "forbidden");
    publish(&vhost, &envelope(&panel, UserDeleted { user_id: anna.id })).await;
    eventually("nothing is left of her", async || {
        let left: i64 = sqlx::query_scalar(
            "SELECT (SELECT count(*) FROM threads WHERE user_id = $1) + (SELECT count(*) FROM messages WHERE author_id = $1)
                  + (SELECT count(*) FROM user_notifications WHERE user_id = $1) + (SELECT count(*) FROM notification_preferences WHERE user_id = $1)",
        )
        .bind(anna.id)
        .fetch_one(&panel.admin_db)
        .await
        .unwrap();
        (left == 0).then_some(())
    })
    .await;
    let support = panel.person(Role::Support).await;
    support
        .client
        .get(&format!("/api/messages/{thread}"))
        .send()
        .await
        .problem(404, "not_found");
    running.stop().await;
}

fn in_the_name_of(panel: &Panel, person: &Person) -> String {
    let user = OnBehalfOf {
        user_id: person.id,
        role: Role::Customer,
        email: None,
        auth_time: None,
    };
    panel.auth_keys.token("admin", Some(&user)).unwrap()
}

/// Reads a stream, message by message.
struct Follower {
    response: reqwest::Response,
    buffer: String,
}

impl Follower {
    async fn new(panel: &Panel, token: &str, last: Option<&str>) -> Self {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut request = client
            .get(format!("{}/api/notifications/stream", panel.url))
            .bearer_auth(token);
        if let Some(last) = last {
            request = request.header("last-event-id", last);
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

    /// The next message that says something: its type, id and data; none when the stream has ended.
    async fn next(&mut self) -> Option<(String, String, Value)> {
        loop {
            if let Some((block, rest)) = self.buffer.split_once("\n\n") {
                let (mut event, mut id, mut data) = (String::new(), String::new(), Value::Null);
                for line in block.lines() {
                    match line.split_once(':').unwrap() {
                        ("event", text) => text.trim().clone_into(&mut event),
                        ("id", text) => text.trim().clone_into(&mut id),
                        ("data", text) => data = serde_json::from_str(text).unwrap(),
                        _ => {}
                    }
                }
                self.buffer = rest.to_owned();
                if !data.is_null() {
                    return Some((event, id, data));
                }
                continue;
            }
            let chunk = tokio::time::timeout(Duration::from_secs(30), self.response.chunk()).await;
            let chunk = chunk.unwrap().unwrap()?;
            self.buffer.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }
}

#[tokio::test]
async fn notifications_are_followed_live_and_continued_where_it_broke_off() {
    let panel = Panel::open().await;
    let stop = CancellationToken::new();
    let listening = tokio::spawn(panel.app.follow_notifications(stop.clone()));
    let (anna, bert) = (
        panel.person(Role::Customer).await,
        panel.person(Role::Customer).await,
    );
    let support = panel.person(Role::Support).await;
    let (hers, his) = (
        anna.writes_to_support("Hers").await,
        bert.writes_to_support("His").await,
    );
    let _ = support.says(&hers, "before").await;

    let mut live = Follower::new(&panel, &anna.token, None).await;
    let _ = support.says(&his, "for him").await;
    let _ = support.says(&hers, "one").await;
    let (event, first, data) = live.next().await.unwrap();
    assert_eq!(
        (event.as_str(), &data["id"]),
        ("notification", &json!(first))
    );
    assert_eq!(data["message"], "Our support wrote to you: Hers");
    assert_eq!(data["about"], json!({"type": "conversation", "id": hers}));
    drop(live);

    // What came while nobody followed comes first.
    let _ = support.says(&hers, "two").await;
    let _ = support.says(&hers, "three").await;
    let mut again = Follower::new(&panel, &anna.token, Some(&first)).await;
    let (_, second, _) = again.next().await.unwrap();
    let (_, third, _) = again.next().await.unwrap();
    assert!(first != second && second != third);
    let list = anna
        .client
        .get("/api/notifications")
        .expect(200)
        .await
        .value();
    assert_eq!(list["data"].as_array().unwrap().len(), 4);
    assert_eq!(
        (&list["data"][0]["id"], &list["data"][1]["id"]),
        (&json!(third), &json!(second))
    );

    // The service stops: who follows is sent away, to come back to another.
    stop.cancel();
    assert!(again.next().await.is_none());
    listening.await.unwrap();
}

#[tokio::test]
async fn a_stream_ends_with_the_token() {
    let panel = Panel::open().await;
    let stop = CancellationToken::new();
    let listening = tokio::spawn(panel.app.follow_notifications(stop.clone()));
    let user = panel.account(Role::Customer).await;
    let claims = Claims {
        exp: panel.clock.now().unix() + 60,
        ..panel.claims(&user, Role::Customer)
    };
    let token = panel.signer.sign(&claims).unwrap();
    let anna = Person {
        id: user.id,
        client: panel.client.clone().with_bearer(&token),
        token: token.clone(),
    };
    let thread = anna.writes_to_support("Late").await;
    let mut live = Follower::new(&panel, &token, None).await;
    panel.clock.advance(Duration::from_secs(120));
    let support = panel.person(Role::Support).await;
    let _ = support.says(&thread, "Hello?").await;
    let (event, _, data) = live.next().await.unwrap();
    assert_eq!(
        (event.as_str(), data),
        ("end", json!({"code": "token_expired"}))
    );
    assert!(live.next().await.is_none());
    stop.cancel();
    listening.await.unwrap();
}
