//! Refunds for units of lines, and of requests that are repeated.

use auth_token::Role;
use serde_json::{Value, json};

use crate::shop::Shop;

#[tokio::test]
async fn units_refunded_one_by_one_give_back_exactly_what_their_line_cost() {
    let shop = Shop::open().await;
    let (anna, staff) = (shop.person(Role::Customer), shop.person(Role::Support));
    // A price whose tax cannot be shared out evenly.
    let order = shop.placed(&anna, shop.peer.sell(333, 100), 3).await;
    let _ = shop.pay(&anna, &order, "pm_card_visa").await;
    let line = &order["items"][0];
    let unit = json!({"items": [{"order_item_id": line["id"], "quantity": 1}]});
    let mut sum = 0;
    for _ in 0..3 {
        let refund = shop
            .refund(&staff, &order, unit.clone())
            .await
            .expect(202)
            .value();
        sum += refund["refund"]["amount"]["amount"].as_i64().unwrap();
    }
    assert_eq!(sum, line["total"]["amount"].as_i64().unwrap());
    let problem = shop
        .refund(&staff, &order, unit)
        .await
        .problem(422, "validation_failed");
    assert_eq!(problem["errors"][0]["code"], "too_many");
    order::reconcile(&shop.app).await;
    assert_eq!(shop.count("refund_items").await, 3);

    let stranger = json!({"items": [{"order_item_id": order["id"], "quantity": 1}]});
    let problem = shop
        .refund(&staff, &order, stranger)
        .await
        .problem(422, "validation_failed");
    assert_eq!(problem["errors"][0]["field"], "items[0].order_item_id");
    let both = json!({"items": [], "amount": {"amount": 1, "currency": "EUR"}});
    shop.refund(&staff, &order, both)
        .await
        .problem(422, "validation_failed");
    shop.refund(&staff, &order, json!({"items": []}))
        .await
        .problem(422, "validation_failed");
}

#[tokio::test]
async fn a_repeated_request_refunds_once() {
    let shop = Shop::open().await;
    let (anna, staff) = (shop.person(Role::Customer), shop.person(Role::Support));
    let order = shop.placed(&anna, shop.peer.sell(1000, 100), 1).await;
    let _ = shop.pay(&anna, &order, "pm_card_visa").await;
    let path = format!(
        "/api/payments/{}/refund",
        order["payment_id"].as_str().unwrap()
    );
    let send = async |amount: i64| {
        shop.client
            .post(&path)
            .bearer(&staff.token)
            .header("idempotency-key", "once")
            .json(&json!({"amount": {"amount": amount, "currency": "EUR"}}))
            .send()
            .await
    };
    let answers = futures::future::join_all((0..5).map(|_| send(100))).await;
    let ids: Vec<Value> = answers
        .into_iter()
        .map(|answer| answer.expect(202).value()["refund"]["id"].clone())
        .collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(shop.count("refunds").await, 1);
    send(101).await.problem(422, "idempotency_key_reused");
}
