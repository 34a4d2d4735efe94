//! What staff ask for twice with one Idempotency-Key takes effect once, and both times they hear the same of it.

use auth_token::Role;
use futures::future::join_all;
use serde_json::{Value, json};
use testkit::http::Client;

use crate::shop::Shop;

const MANY: usize = 8;

/// Sends the same many times with one key, none answered before all have come; what all of them were answered, and who comes later too.
async fn at_once(shop: &Shop, client: &Client, path: &str, body: &Value, status: u16) -> Value {
    let send = async || {
        let post = client.post(path).header("idempotency-key", path);
        post.json(body).expect(status).await.value()
    };
    let superuser = shop.superuser().await;
    let mut held = superuser.begin().await.unwrap();
    sqlx::query("LOCK TABLE idempotency_keys IN SHARE MODE")
        .execute(&mut *held)
        .await
        .unwrap();
    let let_go = async {
        testkit::eventually("all of them wait", async || {
            let waiting = sqlx::query_scalar::<_, i64>(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
            );
            let waiting = waiting.fetch_one(&superuser).await.unwrap();
            (usize::try_from(waiting) == Ok(MANY)).then_some(())
        })
        .await;
        held.commit().await.unwrap();
    };
    let (mut answers, ()) = tokio::join!(join_all((0..MANY).map(|_| send())), let_go);
    answers.push(send().await);
    answers.dedup();
    assert_eq!(answers.len(), 1, "{path}: {answers:?}");
    answers.remove(0)
}

#[tokio::test]
async fn what_is_made_at_once_is_made_once() {
    let shop = Shop::open().await;
    let staff = shop.person(Role::Admin);
    let client = shop.client.clone().with_bearer(&staff.token);
    let cases = [
        (
            "/api/promotions",
            json!({"name": "Sale", "kind": "percent", "percent": 5}),
        ),
        (
            "/api/coupons",
            json!({"code": "ONCE", "kind": "percent", "percent": 5}),
        ),
        (
            "/api/shipping-methods",
            json!({"code": "bike", "name": "Bike", "price": {"amount": 300, "currency": "EUR"}}),
        ),
        (
            "/api/tax-rates",
            json!({"country": "SE", "tax_class": "standard", "name": "VAT", "percent": 25}),
        ),
    ];
    for (path, body) in &cases {
        at_once(&shop, &client, path, body, 201).await;
    }
    assert_eq!(shop.events("staff.acted").await.len(), cases.len());
}

#[tokio::test]
async fn a_parcel_leaves_once() {
    let shop = Shop::open().await;
    let (anna, staff) = (shop.person(Role::Customer), shop.person(Role::Support));
    let order = shop.placed(&anna, shop.peer.sell(1000, 50), 4).await;
    shop.pretend_paid(&order).await;
    let path = format!("orders/{}/shipments", order["id"].as_str().unwrap());
    let parcel = json!({
        "items": [{"order_item_id": order["items"][0]["id"], "quantity": 1}],
        "carrier": "DHL",
        "tracking_number": "T",
    });
    let public = shop.client.clone().with_bearer(&staff.token);
    for (client, path) in [
        (public, format!("/api/{path}")),
        (shop.panel(), format!("/internal/{path}")),
    ] {
        at_once(&shop, &client, &path, &parcel, 201).await;
        let mut more = parcel.clone();
        more["items"][0]["quantity"] = json!(2);
        let other = client.post(&path).header("idempotency-key", &path);
        let other = other.json(&more).send().await;
        other.problem(422, "idempotency_key_reused");
    }
    assert_eq!(shop.events("order.shipped").await.len(), 2);
    let mails = shop.events("email.notification").await;
    let shipped = mails.iter().filter(|it| it["template"] == "order_shipped");
    assert_eq!(shipped.count(), 2);
    assert_eq!(shop.count("shipment_items WHERE quantity = 1").await, 2);
}

#[tokio::test]
async fn a_note_is_written_once() {
    let shop = Shop::open().await;
    let (anna, staff) = (shop.person(Role::Customer), shop.person(Role::Support));
    let order = shop.placed(&anna, shop.peer.sell(1000, 50), 1).await;
    let path = format!("orders/{}/notes", order["id"].as_str().unwrap());
    let note = json!({"message": "Called, will wait."});
    let public = shop.client.clone().with_bearer(&staff.token);
    let written = at_once(&shop, &public, &format!("/api/{path}"), &note, 201).await;
    assert_eq!(written["message"], note["message"]);

    let path = format!("/internal/{path}");
    let panel = shop.panel();
    let send = |note: &Value| {
        panel
            .post(&path)
            .header("idempotency-key", "form")
            .json(note)
    };
    for _ in 0..2 {
        let _ = send(&note).expect(204).await;
    }
    let other = send(&json!({"message": "Called again."})).send().await;
    other.problem(422, "idempotency_key_reused");
    assert_eq!(shop.count("order_events WHERE type = 'note'").await, 2);
    assert_eq!(shop.events("staff.acted").await.len(), 2);
}

#[tokio::test]
async fn a_comparison_is_begun_once() {
    let shop = Shop::open().await;
    let (path, body) = ("/internal/reconciliations", json!({"span": "full"}));
    at_once(&shop, &shop.panel(), path, &body, 202).await;
    assert_eq!(shop.events("staff.acted").await.len(), 1);
}
