use auth_token::Role;
use serde_json::{Value, json};

use crate::shop::Shop;

fn path(order: &Value) -> String {
    format!("/api/orders/{}", order["id"].as_str().unwrap())
}

#[tokio::test]
async fn lists_show_ones_own_orders_and_staff_all_page_by_page() {
    let shop = Shop::open().await;
    let variant = shop.peer.sell(1000, 100);
    let (anna, ben, support) = (
        shop.person(Role::Customer),
        shop.person(Role::Customer),
        shop.person(Role::Support),
    );
    let mut own = Vec::new();
    for _ in 0..5 {
        own.push(shop.placed(&anna, variant, 1).await);
    }
    let _ = shop.placed(&ben, variant, 1).await;
    shop.pretend_paid(&own[1]).await;

    let ids = |page: &Value| {
        page["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|order| order["id"].clone())
            .collect::<Vec<_>>()
    };
    let newest_first: Vec<Value> = own.iter().rev().map(|order| order["id"].clone()).collect();
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = shop
            .client
            .get(&format!("/api/orders?limit=2{cursor}"))
            .bearer(&anna.token)
            .expect(200)
            .await;
        assert!(page.statement_count() <= 2);
        let page = page.value();
        seen.extend(ids(&page));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, newest_first);

    let confirmed = shop
        .client
        .get("/api/orders?status=confirmed&payment_status=paid")
        .bearer(&anna.token)
        .expect(200)
        .await
        .value();
    assert_eq!(ids(&confirmed), [own[1]["id"].clone()]);
    assert_eq!(confirmed["data"][0]["items"][0]["quantity"], 1);
    let all = shop
        .client
        .get("/api/orders?limit=100")
        .bearer(&support.token)
        .expect(200)
        .await
        .value();
    assert_eq!(ids(&all).len(), 6);
    shop.client
        .get("/api/orders?status=lost&limit=0&cursor=x&colour=red")
        .bearer(&anna.token)
        .send()
        .await
        .problem(422, "validation_failed");
    shop.client
        .get("/api/orders")
        .send()
        .await
        .problem(401, "unauthenticated");
}

#[tokio::test]
async fn an_order_exists_for_its_owner_and_staff_only() {
    let shop = Shop::open().await;
    let (anna, ben) = (shop.person(Role::Customer), shop.person(Role::Customer));
    let order = shop.placed(&anna, shop.peer.sell(1000, 100), 1).await;
    let opened = shop
        .client
        .get(&path(&order))
        .bearer(&anna.token)
        .expect(200)
        .await;
    let again = shop
        .client
        .get(&path(&order))
        .bearer(&anna.token)
        .header("if-none-match", opened.header("etag"))
        .send()
        .await;
    assert_eq!(again.status, 304);
    for suffix in ["", "/events"] {
        let url = format!("{}{suffix}", path(&order));
        shop.client
            .get(&url)
            .bearer(&ben.token)
            .send()
            .await
            .problem(404, "not_found");
        shop.client
            .get(&url)
            .bearer(&shop.person(Role::Seller).token)
            .send()
            .await
            .problem(404, "not_found");
        shop.client.get(&url).send().await.problem(404, "not_found");
        let _ = shop
            .client
            .get(&url)
            .bearer(&shop.person(Role::Support).token)
            .expect(200)
            .await;
    }
    shop.client
        .get("/api/orders/not-an-id")
        .bearer(&anna.token)
        .send()
        .await
        .problem(404, "not_found");
}

#[tokio::test]
async fn an_unpaid_order_is_cancelled_by_its_customer_once() {
    let shop = Shop::open().await;
    let admin = shop.person(Role::Admin);
    let coupon = json!({"code": "ONCE", "kind": "percent", "percent": 10, "usage_limit": 1});
    let _ = shop
        .client
        .post("/api/coupons")
        .bearer(&admin.token)
        .json(&coupon)
        .expect(201)
        .await;
    let anna = shop.person(Role::Customer);
    let variant = shop.peer.sell(1000, 100);
    let _ = shop.add(&anna, variant, 1).await;
    let _ = shop
        .client
        .post("/api/cart/coupon")
        .bearer(&anna.token)
        .json(&json!({"code": "ONCE"}))
        .expect(200)
        .await;
    let order = shop.order_as(&anna).expect(201).await.value();

    shop.client
        .put(&format!("{}/cancel", path(&order)))
        .bearer(&shop.person(Role::Customer).token)
        .send()
        .await
        .problem(404, "not_found");
    let cancelled = shop
        .client
        .put(&format!("{}/cancel", path(&order)))
        .bearer(&anna.token)
        .json(&json!({"reason": "Too late"}))
        .expect(200)
        .await
        .value();
    assert_eq!(
        (&cancelled["status"], &cancelled["cancel_reason"]),
        (&json!("cancelled"), &json!("customer"))
    );
    assert!(cancelled["cancelled_at"].is_string());
    let again = shop
        .client
        .put(&format!("{}/cancel", path(&order)))
        .bearer(&anna.token)
        .expect(200)
        .await
        .value();
    assert_eq!(again["version"], cancelled["version"]);

    assert_eq!(
        shop.events("order.cancelled").await,
        [json!({"order_id": order["id"], "number": order["number"], "reason": "customer"})]
    );
    assert_eq!(shop.count("payment_cancellations").await, 1);
    assert_eq!(shop.count("refunds").await, 0);
    // The coupon can be used again.
    assert_eq!(shop.count("coupon_redemptions").await, 0);
    let timeline = shop
        .client
        .get(&format!("{}/events", path(&order)))
        .bearer(&anna.token)
        .expect(200)
        .await
        .value();
    assert_eq!(
        timeline["data"][1]["message"],
        "The order was cancelled: Too late"
    );
}

#[tokio::test]
async fn cancelling_a_paid_order_requests_a_refund_of_the_whole() {
    let shop = Shop::open().await;
    let (anna, support) = (shop.person(Role::Customer), shop.person(Role::Support));
    let order = shop.placed(&anna, shop.peer.sell(1000, 100), 1).await;
    shop.pretend_paid(&order).await;
    let cancelled = shop
        .client
        .put(&format!("{}/cancel", path(&order)))
        .bearer(&support.token)
        .expect(200)
        .await
        .value();
    assert_eq!(
        (
            &cancelled["status"],
            &cancelled["payment_status"],
            &cancelled["cancel_reason"]
        ),
        (&json!("cancelled"), &json!("paid"), &json!("staff"))
    );
    let refund: (i64, String) = sqlx::query_as("SELECT amount, status FROM refunds")
        .fetch_one(&shop.pool)
        .await
        .unwrap();
    assert_eq!(
        refund,
        (
            order["total"]["amount"].as_i64().unwrap(),
            "pending".to_owned()
        )
    );

    let timeline = shop
        .client
        .get(&format!("{}/events", path(&order)))
        .bearer(&anna.token)
        .expect(200)
        .await
        .value();
    let kinds: Vec<(&str, &str)> = timeline["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| (e["type"].as_str().unwrap(), e["actor"].as_str().unwrap()))
        .collect();
    assert_eq!(
        kinds,
        [
            ("order.placed", "customer"),
            ("order.cancelled", "staff"),
            ("refund.requested", "staff")
        ]
    );
}

#[tokio::test]
async fn an_order_leaves_in_parcels_and_is_complete_when_all_arrived() {
    let shop = Shop::open().await;
    let (anna, support) = (shop.person(Role::Customer), shop.person(Role::Support));
    let (shirt, mug) = (shop.peer.sell(1000, 100), shop.peer.sell(500, 100));
    let _ = shop.add(&anna, shirt, 3).await;
    let order = shop.placed(&anna, mug, 1).await;
    let ship = |body: Value| {
        shop.client
            .post(&format!("{}/shipments", path(&order)))
            .bearer(&support.token)
            .json(&body)
    };
    let whole = json!({"carrier": "DHL", "tracking_number": "T1"});
    ship(whole.clone())
        .send()
        .await
        .problem(409, "order_not_shippable");
    shop.pretend_paid(&order).await;

    let line = &order["items"][0]["id"];
    let part = |quantity: i32| json!({"carrier": "DHL", "tracking_number": "T1", "items": [{"order_item_id": line, "quantity": quantity}]});
    let problem = ship(part(4)).send().await.problem(422, "validation_failed");
    assert_eq!(problem["errors"][0]["field"], "items[0].quantity");
    let stranger = json!({"carrier": "DHL", "tracking_number": "T1", "items": [{"order_item_id": order["id"], "quantity": 1}]});
    ship(stranger)
        .send()
        .await
        .problem(422, "validation_failed");

    let first = ship(part(2)).expect(201).await.value();
    assert_eq!(
        first["items"],
        json!([{"order_item_id": line, "quantity": 2}])
    );
    let read = || async {
        shop.client
            .get(&path(&order))
            .bearer(&anna.token)
            .expect(200)
            .await
            .value()
    };
    let partly = read().await;
    assert_eq!(
        (
            &partly["fulfillment_status"],
            &partly["items"][0]["shipped"]
        ),
        (&json!("partially_shipped"), &json!(2))
    );
    shop.client
        .put(&format!("{}/cancel", path(&order)))
        .bearer(&anna.token)
        .send()
        .await
        .problem(409, "order_not_cancellable");
    ship(part(2)).send().await.problem(422, "validation_failed");

    let deliver = |shipment: &Value| {
        let url = format!(
            "/api/shipments/{}/deliver",
            shipment["id"].as_str().unwrap()
        );
        shop.client.post(&url).bearer(&support.token).expect(200)
    };
    let arrived = deliver(&first).await.value();
    assert_eq!(arrived["status"], "delivered");
    assert_eq!(read().await["fulfillment_status"], "partially_shipped");
    let rest = ship(whole).expect(201).await.value();
    assert_eq!(rest["items"].as_array().unwrap().len(), 2);
    assert_eq!(read().await["fulfillment_status"], "shipped");
    let _ = deliver(&rest).await;
    let version = read().await["version"].clone();
    let _ = deliver(&rest).await;
    let done = read().await;
    assert_eq!(
        (
            &done["status"],
            &done["fulfillment_status"],
            &done["version"]
        ),
        (&json!("completed"), &json!("delivered"), &version)
    );

    assert_eq!(shop.events("order.shipped").await.len(), 2);
    assert_eq!(shop.events("order.delivered").await.len(), 1);
}

#[tokio::test]
async fn concurrent_parcels_never_hold_more_than_was_ordered() {
    let shop = Shop::open().await;
    let (anna, support) = (shop.person(Role::Customer), shop.person(Role::Support));
    let order = shop.placed(&anna, shop.peer.sell(1000, 100), 3).await;
    shop.pretend_paid(&order).await;
    let body = json!({"carrier": "DHL", "tracking_number": "T", "items": [{"order_item_id": order["items"][0]["id"], "quantity": 1}]});
    let send = || {
        shop.client
            .post(&format!("{}/shipments", path(&order)))
            .bearer(&support.token)
            .json(&body)
            .send()
    };
    let answers = futures::future::join_all((0..6).map(|_| send())).await;
    assert_eq!(
        answers.iter().filter(|answer| answer.status == 201).count(),
        3
    );
    let sent: i64 = sqlx::query_scalar("SELECT sum(quantity) FROM shipment_items")
        .fetch_one(&shop.pool)
        .await
        .unwrap();
    assert_eq!(sent, 3);
}

#[tokio::test]
async fn a_tracking_number_is_kept_without_the_gaps_in_which_it_is_printed() {
    let shop = Shop::open().await;
    let (anna, staff) = (shop.person(Role::Customer), shop.person(Role::Support));
    let order = shop.placed(&anna, shop.peer.sell(1000, 50), 1).await;
    shop.pretend_paid(&order).await;
    let sent = shop
        .client
        .post(&format!("{}/shipments", path(&order)))
        .bearer(&staff.token)
        .json(&json!({"carrier": "DHL", "tracking_number": " Jd01 4600\u{a0}0061 "}))
        .expect(201)
        .await
        .value();
    assert_eq!(sent["tracking_number"], "Jd0146000061");
    let kept: String = sqlx::query_scalar("SELECT tracking_number FROM shipments")
        .fetch_one(&shop.pool)
        .await
        .unwrap();
    assert_eq!(kept, "Jd0146000061");
}
