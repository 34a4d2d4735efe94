//! Conversations by the REST API.

use std::collections::BTreeSet;

use auth_token::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::panel::{Panel, Person};
use crate::seed::NewOrder;

impl Panel {
    /// A public product of a seller.
    pub(crate) async fn product_of(&self, seller: &Person, status: &str) -> Uuid {
        let product = self.product("Blue lamp", status, &[3]).await;
        sqlx::query("UPDATE products SET seller_id = $2 WHERE id = $1")
            .bind(product)
            .bind(seller.id)
            .execute(&self.product_db)
            .await
            .unwrap();
        product
    }
}

impl Person {
    pub(crate) async fn writes_to_support(&self, subject: &str) -> String {
        let body = json!({"to": "support", "subject": subject, "body": "Where is my parcel?"});
        let thread = self
            .client
            .post("/api/messages")
            .json(&body)
            .expect(201)
            .await
            .value();
        thread["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn says(&self, thread: &str, body: &str) -> Value {
        let path = format!("/api/messages/{thread}/messages");
        self.client
            .post(&path)
            .json(&json!({"body": body}))
            .expect(201)
            .await
            .value()
    }

    async fn sees(&self, path: &str) -> Value {
        self.client.get(path).expect(200).await.value()
    }

    /// What was written, newest first.
    async fn texts(&self, thread: &str) -> Vec<String> {
        let page = self.sees(&format!("/api/messages/{thread}/messages")).await;
        let texts = page["data"].as_array().unwrap().iter();
        texts
            .map(|message| message["body"].as_str().unwrap().to_owned())
            .collect()
    }
}

#[tokio::test]
async fn a_customer_and_support_talk() {
    let panel = Panel::open().await;
    let (anna, other) = (
        panel.person(Role::Customer).await,
        panel.person(Role::Customer).await,
    );
    let support = panel.person(Role::Support).await;
    let order = panel
        .order(NewOrder {
            user: Some(anna.id.uuid()),
            ..NewOrder::default()
        })
        .await;
    let body =
        json!({"to": "support", "subject": "Late", "body": "Where\nis it?", "order_id": order.id});
    let thread = anna
        .client
        .post("/api/messages")
        .json(&body)
        .expect(201)
        .await
        .value();
    assert_eq!(
        thread["about"],
        json!({"type": "order", "id": order.id, "label": order.number})
    );
    assert_eq!(thread["last_message"]["text"], "Where is it?");
    assert_eq!(
        (&thread["status"], &thread["side"], &thread["unread"]),
        (&json!("open"), &json!("user"), &json!(0))
    );
    let id = thread["id"].as_str().unwrap().to_owned();

    // Others' orders and conversations do not exist.
    let refused = other.client.post("/api/messages").json(&body).send().await;
    let problem = refused.problem(422, "validation_failed");
    assert_eq!(problem["errors"][0]["field"], "order_id");
    for path in [
        format!("/api/messages/{id}"),
        format!("/api/messages/{id}/messages"),
    ] {
        other
            .client
            .get(&path)
            .send()
            .await
            .problem(404, "not_found");
    }
    other
        .client
        .get("/api/messages?box=support")
        .send()
        .await
        .problem(403, "forbidden");

    // Staff see it, answer, and keep a note that she does not see.
    let list = support.sees("/api/messages?box=support&status=open").await;
    assert_eq!(list["data"][0]["id"], id.as_str());
    assert_eq!(list["data"][0]["unread"], 1);
    assert_eq!(
        list["data"][0]["with"],
        json!({"side": "user", "name": "Somebody in customer"})
    );
    let path = format!("/api/messages/{id}/messages");
    let note = json!({"body": "Ask the carrier", "internal": true});
    let _ = support.client.post(&path).json(&note).expect(201).await;
    anna.client
        .post(&path)
        .json(&note)
        .send()
        .await
        .problem(422, "validation_failed");
    let _ = support.says(&id, "It is on its way.").await;
    assert_eq!(
        anna.texts(&id).await,
        ["It is on its way.", "Where\nis it?"]
    );
    assert_eq!(
        support.texts(&id).await,
        ["It is on its way.", "Ask the carrier", "Where\nis it?"]
    );
    let thread = anna.sees(&format!("/api/messages/{id}")).await;
    assert_eq!(
        (&thread["status"], &thread["unread"]),
        (&json!("waiting"), &json!(1))
    );
    assert_eq!(thread["with"], json!({"side": "staff", "name": null}));
    assert_eq!(thread.get("assignee_id"), None);
    assert_eq!(
        anna.sees("/api/messages/unread").await,
        json!({"unread": 1})
    );
    let _ = anna
        .client
        .post(&format!("/api/messages/{id}/read"))
        .expect(204)
        .await;
    assert_eq!(
        anna.sees("/api/messages/unread").await,
        json!({"unread": 0})
    );

    // Closed, and open again when she writes.
    let closed = json!({"status": "closed"});
    let _ = anna
        .client
        .patch(&format!("/api/messages/{id}"))
        .json(&closed)
        .expect(200)
        .await;
    let open = json!({"status": "open"});
    anna.client
        .patch(&format!("/api/messages/{id}"))
        .json(&open)
        .send()
        .await
        .problem(403, "forbidden");
    let _ = anna.says(&id, "Thank you!").await;
    assert_eq!(
        anna.sees(&format!("/api/messages/{id}")).await["status"],
        "open"
    );

    let assignee = format!("/api/messages/{id}/assignee");
    let _ = support
        .client
        .put(&assignee)
        .json(&json!({"assignee_id": support.id}))
        .expect(200)
        .await;
    let wrong = support
        .client
        .put(&assignee)
        .json(&json!({"assignee_id": anna.id}))
        .send()
        .await;
    wrong.problem(422, "validation_failed");
    let mine = support
        .sees(&format!(
            "/api/messages?box=support&assignee_id={}",
            support.id
        ))
        .await;
    assert_eq!(mine["data"][0]["assignee_id"], json!(support.id));
    let acts: Vec<_> = panel
        .audit()
        .await
        .into_iter()
        .map(|(action, _, _)| action)
        .collect();
    let mut acts: Vec<_> = acts.iter().map(String::as_str).collect();
    acts.sort_unstable();
    assert_eq!(acts, ["message.answer", "message.assign", "message.note"]);
    // Staff were told once: she wrote on in a conversation that waited already.
    let told: Vec<String> = sqlx::query_scalar("SELECT message FROM notifications ORDER BY at")
        .fetch_all(&panel.admin_db)
        .await
        .unwrap();
    assert_eq!(told, ["A customer writes: Late", "A customer writes: Late"]);
}

/// Nobody writes to a stranger: only to a seller, about what they sell and one can see.
#[tokio::test]
async fn sellers_are_asked_about_what_they_sell() {
    let panel = Panel::open().await;
    let (anna, seller) = (
        panel.person(Role::Customer).await,
        panel.person(Role::Seller).await,
    );
    let (stranger, staff) = (
        panel.person(Role::Seller).await,
        panel.person(Role::Admin).await,
    );
    let lamp = panel.product_of(&seller, "active").await;
    let ask = |product: Uuid| json!({"to": "seller", "subject": "Is it bright?", "body": "Is it?", "product_id": product});
    let thread = anna
        .client
        .post("/api/messages")
        .json(&ask(lamp))
        .expect(201)
        .await
        .value();
    assert_eq!(
        thread["with"],
        json!({"side": "seller", "name": "Somebody in seller"})
    );
    let id = thread["id"].as_str().unwrap().to_owned();
    anna.client
        .post("/api/messages")
        .json(&ask(lamp))
        .send()
        .await
        .problem(409, "conversation_exists");
    seller
        .client
        .post("/api/messages")
        .json(&ask(lamp))
        .send()
        .await
        .problem(409, "own_product");
    let no_product = json!({"to": "seller", "subject": "Hello", "body": "You"});
    let problem = anna
        .client
        .post("/api/messages")
        .json(&no_product)
        .send()
        .await;
    assert_eq!(
        problem.problem(422, "validation_failed")["errors"][0]["field"],
        "product_id"
    );

    let selling = seller.sees("/api/messages?box=selling").await;
    assert_eq!(
        (&selling["data"][0]["id"], &selling["data"][0]["unread"]),
        (&json!(id), &json!(1))
    );
    assert_eq!(seller.sees("/api/messages").await["data"], json!([]));
    let said = seller.says(&id, "Very.").await;
    assert_eq!(
        (&said["from"], &said["own"]),
        (&json!("seller"), &json!(true))
    );
    assert_eq!(
        anna.sees(&format!("/api/messages/{id}")).await["status"],
        "waiting"
    );
    stranger
        .client
        .get(&format!("/api/messages/{id}"))
        .send()
        .await
        .problem(404, "not_found");
    let watched = staff.sees("/api/messages?box=sellers").await;
    assert_eq!(watched["data"][0]["side"], "staff");
    let _ = staff.says(&id, "We look into it.").await;
    assert_eq!(anna.sees("/api/messages/unread").await["unread"], 2);

    // What is not public can be asked about by who bought it.
    let hidden = panel.product_of(&seller, "archived").await;
    anna.client
        .post("/api/messages")
        .json(&ask(hidden))
        .send()
        .await
        .problem(422, "validation_failed");
    sqlx::query("INSERT INTO purchases (user_id, product_id, order_id, quantity, purchased_at) VALUES ($1, $2, $3, 1, now())")
        .bind(anna.id)
        .bind(hidden)
        .bind(panel.id())
        .execute(&panel.product_db)
        .await
        .unwrap();
    let _ = anna
        .client
        .post("/api/messages")
        .json(&ask(hidden))
        .expect(201)
        .await;

    // A later conversation about the same product keeps the closed one closed.
    let _ = anna
        .client
        .patch(&format!("/api/messages/{id}"))
        .json(&json!({"status": "closed"}))
        .expect(200)
        .await;
    let _ = anna
        .client
        .post("/api/messages")
        .json(&ask(lamp))
        .expect(201)
        .await;
    let path = format!("/api/messages/{id}/messages");
    anna.client
        .post(&path)
        .json(&json!({"body": "And?"}))
        .send()
        .await
        .problem(409, "conversation_exists");
}

#[tokio::test]
async fn a_request_that_comes_twice_writes_once() {
    let panel = Panel::open().await;
    let anna = panel.person(Role::Customer).await;
    let body = json!({"to": "support", "subject": "Late", "body": "Where is it?"});
    let start = || {
        anna.client
            .post("/api/messages")
            .header("idempotency-key", "k1")
    };
    let first = start().json(&body).expect(201).await.value();
    assert_eq!(start().json(&body).expect(201).await.value(), first);
    let other = json!({"to": "support", "subject": "Late", "body": "Hello?"});
    start()
        .json(&other)
        .send()
        .await
        .problem(422, "idempotency_key_reused");
    assert_eq!(
        anna.sees("/api/messages").await["data"]
            .as_array()
            .unwrap()
            .len(),
        1
    );

    let path = format!("/api/messages/{}/messages", first["id"].as_str().unwrap());
    let more = json!({"body": "And?"});
    let write = || {
        anna.client
            .post(&path)
            .header("idempotency-key", "k2")
            .json(&more)
    };
    let (one, other) = tokio::join!(write().send(), write().send());
    // Whichever was second may be told to ask again.
    let mut written: Vec<_> = [one, other]
        .into_iter()
        .filter(|answer| answer.status != 409)
        .collect();
    written.push(write().expect(201).await);
    let ids: BTreeSet<String> = written
        .iter()
        .map(|answer| answer.value()["id"].to_string())
        .collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
    assert!(written.len() > 1);
    assert_eq!(anna.texts(first["id"].as_str().unwrap()).await.len(), 2);
}

#[tokio::test]
async fn lists_have_pages_and_writing_has_limits() {
    let panel = Panel::open().await;
    let anna = panel.person(Role::Customer).await;
    let mut begun = Vec::new();
    for number in 0..10 {
        panel.clock.advance(std::time::Duration::from_millis(10));
        begun.push(anna.writes_to_support(&format!("Question {number}")).await);
    }
    let eleventh = json!({"to": "support", "subject": "Again", "body": "Me"});
    let refused = anna
        .client
        .post("/api/messages")
        .json(&eleventh)
        .send()
        .await;
    refused.problem(429, "rate_limited");
    begun.reverse();
    let (mut seen, mut path) = (Vec::new(), "/api/messages?limit=4".to_owned());
    loop {
        let answer = anna.client.get(&path).expect(200).await;
        assert!(answer.statement_count() <= 2);
        let page = answer.value();
        let ids = page["data"].as_array().unwrap().iter();
        seen.extend(ids.map(|thread| thread["id"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("/api/messages?limit=4&cursor={cursor}");
    }
    assert_eq!(seen, begun);
    for _ in 0..50 {
        let _ = anna.says(&begun[0], "Well?").await;
    }
    let path = format!("/api/messages/{}/messages", begun[0]);
    anna.client
        .post(&path)
        .json(&json!({"body": "Well?"}))
        .send()
        .await
        .problem(429, "rate_limited");
    assert_eq!(anna.texts(&begun[0]).await.len(), 20);
}
