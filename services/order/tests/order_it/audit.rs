//! What staff do is told to the audit trail: once for each change, and not at all for what failed or changed nothing.

use auth_token::{OnBehalfOf, Role};
use primitives::UserId;
use serde_json::{Value, json};
use testkit::http::Client;
use uuid::Uuid;

use crate::shop::{Person, Shop, address};

/// An order that is paid, and its path.
async fn paid(shop: &Shop, person: &Person) -> (Value, String) {
    let order = shop.placed(person, shop.peer.sell(1000, 50), 2).await;
    shop.pretend_paid(&order).await;
    let path = format!("/orders/{}", order["id"].as_str().unwrap());
    (order, path)
}

/// The panel, in the name of an admin whose browser has this address.
fn panel(shop: &Shop) -> (OnBehalfOf, Client) {
    let staff = OnBehalfOf {
        user_id: UserId::from(Uuid::from_u128(1)),
        role: Role::Admin,
        email: Some("boss@example.com".parse().unwrap()),
        auth_time: Some(primitives::Clock::system().now().unix()),
    };
    let token = shop.admin.token("order", Some(&staff)).unwrap();
    let client = shop.internal.clone().with_bearer(&token);
    (staff, client.with_header("x-real-ip", "203.0.113.7"))
}

impl Shop {
    /// The newest act, after it was checked that there are so many.
    async fn act(&self, count: usize) -> Value {
        let mut acts = self.events("staff.acted").await;
        assert_eq!(acts.len(), count, "{acts:#?}");
        acts.pop().unwrap_or_default()
    }
}

#[tokio::test]
async fn each_act_through_the_public_api_is_told_once() {
    let shop = Shop::open().await;
    let (anna, staff) = (shop.person(Role::Customer), shop.person(Role::Admin));
    let (order, path) = paid(&shop, &anna).await;
    let target = format!("order:{}", order["id"].as_str().unwrap());
    let client = shop.client.clone().with_bearer(&staff.token);

    let parcel = json!({"carrier": "DHL", "tracking_number": "T"});
    let shipments = format!("/api{path}/shipments");
    let shipped = client.post(&shipments).json(&parcel).expect(201).await;
    let shipment_id = shipped.value()["id"].clone();
    let act = shop.act(1).await;
    assert_eq!(
        act,
        json!({
            "actor": {"user_id": staff.id, "email": format!("{}@example.com", staff.id.uuid().simple()), "role": "admin"},
            "through": "rest",
            "action": "order.ship",
            "target": target,
            "before": {"status": "confirmed", "payment_status": "paid", "fulfillment_status": "unfulfilled"},
            "after": {
                "status": "confirmed", "payment_status": "paid", "fulfillment_status": "shipped",
                "shipment_id": shipment_id, "carrier": "DHL", "tracking_number": "T", "tracking_url": shipped.value()["tracking_url"],
            },
            "ip": "127.0.0.1",
            "request_id": shipped.header("x-request-id"),
        })
    );
    client
        .post(&shipments)
        .json(&parcel)
        .send()
        .await
        .problem(409, "order_not_shippable");
    shop.act(1).await;

    let arrived = format!("/api/shipments/{}/deliver", shipment_id.as_str().unwrap());
    for _ in 0..2 {
        client.post(&arrived).expect(200).await;
    }
    let act = shop.act(2).await;
    assert_eq!(act["action"], "order.deliver");
    assert_eq!(act["target"], target.as_str());
    assert_eq!(act["before"]["fulfillment_status"], "shipped");
    assert_eq!(act["after"]["fulfillment_status"], "delivered");

    let refunds = format!(
        "/api/payments/{}/refund",
        order["payment_id"].as_str().unwrap()
    );
    let euro = |amount: i64| json!({"amount": amount, "currency": "EUR"});
    let refund = json!({"amount": euro(500), "reason": "scratched"});
    let refunded = client
        .post(&refunds)
        .json(&refund)
        .expect(202)
        .await
        .value();
    let act = shop.act(3).await;
    let total = order["total"]["amount"].as_i64().unwrap();
    assert_eq!(
        (&act["action"], &act["target"], &act["before"]),
        (
            &json!("order.refund"),
            &json!(target),
            &json!({"refundable": euro(total)})
        )
    );
    assert_eq!(
        act["after"],
        json!({"refundable": euro(total - 500), "refund_id": refunded["refund"]["id"], "amount": euro(500), "reason": "scratched"})
    );
    client
        .post(&refunds)
        .json(&json!({"amount": euro(total)}))
        .send()
        .await
        .problem(409, "refund_exceeds_payment");
    let cancel = format!("/api{path}/cancel");
    client
        .put(&cancel)
        .send()
        .await
        .problem(409, "order_not_cancellable");
    shop.act(3).await;
}

#[tokio::test]
async fn each_act_through_the_internal_api_is_told_once() {
    let shop = Shop::open().await;
    let anna = shop.person(Role::Customer);
    let (order, path) = paid(&shop, &anna).await;
    let (staff, client) = panel(&shop);
    let target = format!("order:{}", order["id"].as_str().unwrap());

    let note = json!({"message": "Called, will wait."});
    let noted = client
        .post(&format!("/internal{path}/notes"))
        .json(&note)
        .expect(204)
        .await;
    let act = shop.act(1).await;
    let entry: Uuid = sqlx::query_scalar("SELECT id FROM order_events WHERE type = 'note'")
        .fetch_one(&shop.pool)
        .await
        .unwrap();
    assert_eq!(
        act,
        json!({
            "actor": {"user_id": staff.user_id, "email": "boss@example.com", "role": "admin"},
            "through": "admin",
            "action": "order.note",
            "target": target,
            "before": null,
            "after": {"entry_id": entry},
            "ip": "203.0.113.7",
            "request_id": noted.header("x-request-id"),
        })
    );

    let cancel = format!("/internal{path}/cancel");
    for _ in 0..2 {
        client
            .post(&cancel)
            .json(&json!({"reason": "asked by phone"}))
            .expect(200)
            .await;
    }
    let act = shop.act(2).await;
    assert_eq!(act["action"], "order.cancel");
    assert_eq!(act["before"]["status"], "confirmed");
    assert_eq!(
        (&act["after"]["status"], &act["after"]["reason"]),
        (&json!("cancelled"), &json!("asked by phone"))
    );
    client
        .post(&format!("/internal{path}/shipments"))
        .json(&json!({"carrier": "DHL", "tracking_number": "T"}))
        .send()
        .await
        .problem(409, "order_not_shippable");
    shop.act(2).await;
}

#[tokio::test]
async fn what_customers_do_is_not_an_act_of_staff() {
    let shop = Shop::open().await;
    let anna = shop.person(Role::Customer);
    let order = shop.placed(&anna, shop.peer.sell(1000, 50), 2).await;
    let path = format!("/api/orders/{}/cancel", order["id"].as_str().unwrap());
    shop.client.put(&path).bearer(&anna.token).expect(200).await;
    // Staff buy, too.
    let support = shop.person(Role::Support);
    let order = shop.placed(&support, shop.peer.sell(1000, 50), 1).await;
    assert_eq!(order["shipping_address"]["city"], address()["city"]);
    let path = format!("/api/orders/{}/cancel", order["id"].as_str().unwrap());
    shop.client
        .put(&path)
        .bearer(&support.token)
        .expect(200)
        .await;
    shop.act(0).await;
}

#[tokio::test]
async fn coupons_are_told_with_their_terms() {
    let shop = Shop::open().await;
    let admin = shop.person(Role::Admin);
    let client = shop.client.clone().with_bearer(&admin.token);
    let mut body = json!({"code": "SPRING", "kind": "percent", "percent": 10});
    let made = client
        .post("/api/coupons")
        .json(&body)
        .expect(201)
        .await
        .value();
    let act = shop.act(1).await;
    let target = format!("coupon:{}", made["id"].as_str().unwrap());
    assert_eq!(
        (
            &act["action"],
            &act["target"],
            &act["before"],
            &act["after"]
        ),
        (&json!("coupon.create"), &json!(target), &Value::Null, &made)
    );
    client
        .post("/api/coupons")
        .json(&body)
        .send()
        .await
        .problem(409, "coupon_code_taken");
    shop.act(1).await;

    let path = format!("/api/coupons/{}", made["id"].as_str().unwrap());
    body["percent"] = json!(20);
    let changed = client.put(&path).json(&body).expect(200).await.value();
    let act = shop.act(2).await;
    assert_eq!(
        (&act["action"], &act["before"], &act["after"]),
        (&json!("coupon.update"), &made, &changed)
    );
    client.delete(&path).expect(204).await;
    let act = shop.act(3).await;
    assert_eq!(
        (&act["action"], &act["before"], &act["after"]),
        (&json!("coupon.delete"), &changed, &Value::Null)
    );
    client.delete(&path).send().await.problem(404, "not_found");
    shop.act(3).await;
}
