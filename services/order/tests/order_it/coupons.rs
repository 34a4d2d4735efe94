use auth_token::Role;
use serde_json::{Value, json};

use crate::shop::Shop;

#[tokio::test]
async fn staff_make_change_and_retire_coupons() {
    let shop = Shop::open().await;
    let admin = shop.person(Role::Admin);
    let client = shop.client.clone().with_bearer(&admin.token);
    let made = client
        .post("/api/coupons")
        .json(&json!({"code": "summer", "kind": "percent", "percent": 10}))
        .expect(201)
        .await
        .value();
    assert_eq!(
        (&made["code"], &made["active"], &made["used"]),
        (&json!("SUMMER"), &json!(true), &json!(0))
    );
    client
        .post("/api/coupons")
        .json(&json!({"code": "SUMMER", "kind": "free_shipping"}))
        .send()
        .await
        .problem(409, "coupon_code_taken");
    let bad = json!({"code": "x", "kind": "percent", "amount": {"amount": 5, "currency": "EUR"}});
    client
        .post("/api/coupons")
        .json(&bad)
        .send()
        .await
        .problem(422, "validation_failed");
    let bad = json!({"code": "BAD", "kind": "fixed", "percent": 5, "usage_limit": 0, "starts_at": "2026-01-02T00:00:00Z", "ends_at": "2026-01-01T00:00:00Z"});
    let problem = client
        .post("/api/coupons")
        .json(&bad)
        .send()
        .await
        .problem(422, "validation_failed");
    assert_eq!(problem["errors"].as_array().unwrap().len(), 4);

    let path = format!("/api/coupons/{}", made["id"].as_str().unwrap());
    let etag = client
        .get(&path)
        .expect(200)
        .await
        .header("etag")
        .to_owned();
    let terms =
        json!({"code": "SUMMER", "kind": "fixed", "amount": {"amount": 500, "currency": "EUR"}});
    let changed = client
        .put(&path)
        .header("if-match", &etag)
        .json(&terms)
        .expect(200)
        .await
        .value();
    assert_eq!(
        (
            &changed["amount"]["amount"],
            &changed["percent"],
            &changed["version"]
        ),
        (&json!(500), &json!(null), &json!(2))
    );
    client
        .put(&path)
        .header("if-match", &etag)
        .json(&terms)
        .send()
        .await
        .problem(412, "stale_version");
    assert_eq!(
        client.get("/api/coupons").expect(200).await.value()["data"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let _ = client.delete(&path).expect(204).await;
    client.get(&path).send().await.problem(404, "not_found");
    client.delete(&path).send().await.problem(404, "not_found");
}

async fn coupon(shop: &Shop, body: Value) {
    let admin = shop.person(Role::Admin);
    let _ = shop
        .client
        .post("/api/coupons")
        .bearer(&admin.token)
        .json(&body)
        .expect(201)
        .await;
}

#[tokio::test]
async fn a_coupon_takes_off_what_it_says_within_its_terms() {
    let shop = Shop::open().await;
    coupon(&shop, json!({"code": "TEN", "kind": "percent", "percent": 10, "min_subtotal": {"amount": 2000, "currency": "EUR"}})).await;
    coupon(
        &shop,
        json!({"code": "OLD", "kind": "free_shipping", "ends_at": "2020-01-01T00:00:00Z"}),
    )
    .await;
    let variant = shop.peer.sell(1000, 50);
    let cart = shop.guest_cart(variant, 1).await;
    let apply = |code: &str| {
        shop.client
            .post("/api/cart/coupon")
            .header("x-cart-token", &cart)
            .json(&json!({"code": code}))
            .send()
    };
    apply("TEN").await.problem(409, "coupon_subtotal_too_low");
    apply("OLD").await.problem(409, "coupon_expired");
    apply("NONE").await.problem(409, "coupon_unknown");
    let item = shop
        .client
        .get("/api/cart")
        .header("x-cart-token", &cart)
        .expect(200)
        .await
        .value()["items"][0]["id"]
        .clone();
    let set = |quantity: i32| {
        let url = format!("/api/cart/items/{}", item.as_str().unwrap());
        shop.client
            .patch(&url)
            .header("x-cart-token", &cart)
            .json(&json!({"quantity": quantity}))
            .expect(200)
    };
    let _ = set(2).await;
    let priced = apply("ten").await.expect(200).value();
    assert_eq!(
        (&priced["coupon"], &priced["discount"]["amount"]),
        (&json!("TEN"), &json!(200))
    );
    assert_eq!(priced["total"]["amount"], 2000 - 200 + 490 + 342);
    // It stays, but takes nothing off as long as the cart is too small; an order would not come as a surprise.
    let small = set(1).await.value();
    assert_eq!(
        (&small["coupon_problem"], &small["discount"]["amount"]),
        (&json!("coupon_subtotal_too_low"), &json!(0))
    );
    shop.order_as_guest(&cart)
        .send()
        .await
        .problem(409, "coupon_subtotal_too_low");
    assert_eq!(shop.peer.held().len(), 0);
    let removed = shop
        .client
        .delete("/api/cart/coupon")
        .header("x-cart-token", &cart)
        .expect(200)
        .await
        .value();
    assert_eq!(removed["coupon"], json!(null));
    let _ = shop.order_as_guest(&cart).expect(201).await;
}

#[tokio::test]
async fn limits_hold_for_who_comes_at_the_same_time() {
    let shop = Shop::open().await;
    coupon(
        &shop,
        json!({"code": "THREE", "kind": "percent", "percent": 50, "usage_limit": 3}),
    )
    .await;
    let variant = shop.peer.sell(1000, 50);
    let mut people = Vec::new();
    for _ in 0..8 {
        let person = shop.person(Role::Customer);
        let _ = shop.add(&person, variant, 1).await;
        let _ = shop
            .client
            .post("/api/cart/coupon")
            .bearer(&person.token)
            .json(&json!({"code": "THREE"}))
            .expect(200)
            .await;
        people.push(person);
    }
    let answers =
        futures::future::join_all(people.iter().map(|person| shop.order_as(person).send())).await;
    let (good, bad): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|answer| answer.status == 201);
    assert_eq!(good.len(), 3);
    for answer in bad {
        answer.problem(409, "coupon_used_up");
    }
    assert_eq!(
        (
            shop.count("coupon_redemptions").await,
            shop.peer.held().len()
        ),
        (3, 3)
    );
}

#[tokio::test]
async fn a_customer_uses_a_coupon_as_often_as_one_may() {
    let shop = Shop::open().await;
    coupon(
        &shop,
        json!({"code": "ONE", "kind": "percent", "percent": 50, "per_customer_limit": 1}),
    )
    .await;
    let variant = shop.peer.sell(1000, 50);
    for (round, status) in [(1, 201), (2, 409)] {
        let cart = shop.guest_cart(variant, 1).await;
        let _ = shop
            .client
            .post("/api/cart/coupon")
            .header("x-cart-token", &cart)
            .json(&json!({"code": "ONE"}))
            .expect(200)
            .await;
        assert_eq!(
            shop.order_as_guest(&cart).send().await.status,
            status,
            "round {round}"
        );
    }
}
