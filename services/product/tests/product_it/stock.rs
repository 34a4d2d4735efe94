//! Stock by hand.

use auth_token::Role;
use serde_json::json;

use crate::world::{World, variant};

#[tokio::test]
async fn stock_is_set_or_changed_and_the_ledger_keeps_why() {
    let world = World::new().await;
    let seller = world.person(Role::Seller);
    let body = json!({"title": "Cup", "description": "", "sku": "CUP", "stock": 10, "price": {"amount": 1, "currency": "EUR"}});
    let product = seller
        .client
        .post("/api/products")
        .json(&body)
        .expect(201)
        .await
        .value();
    let path = format!("/api/products/{}/stock", product["id"].as_str().unwrap());
    let answer = seller
        .client
        .put(&path)
        .json(&json!({"set": 12}))
        .expect(200)
        .await;
    assert_eq!(
        answer.value(),
        json!({"variant_id": variant(&product), "on_hand": 12, "reserved": 0, "available": 12})
    );
    assert_eq!(answer.header("etag"), "\"2\"");
    let level = seller
        .client
        .put(&path)
        .json(&json!({"delta": -2, "reason": "damaged"}))
        .expect(200)
        .await
        .value();
    assert_eq!(level["available"], 10);
    seller
        .client
        .put(&path)
        .header("if-match", "\"2\"")
        .json(&json!({"set": 1}))
        .send()
        .await
        .problem(412, "stale_version");
    seller
        .client
        .put(&path)
        .header("if-match", "\"3\"")
        .json(&json!({"variant_id": variant(&product), "set": 10}))
        .expect(200)
        .await;
    assert_eq!(
        world.ledger(variant(&product)).await,
        ["receive 10 0", "adjust 2 0", "adjust -2 0"]
    );
    let why: (Option<String>, Option<sqlx::types::Uuid>) =
        sqlx::query_as("SELECT reason, actor_id FROM stock_movements WHERE on_hand_delta = -2")
            .fetch_one(&world.pool)
            .await
            .unwrap();
    assert_eq!(why, (Some("damaged".to_owned()), Some(seller.id.uuid())));
    world.assert_ledger_adds_up().await;
}

#[tokio::test]
async fn bad_corrections_are_refused() {
    let world = World::new().await;
    let admin = world.person(Role::Admin);
    let product = world.product("CUP", 1, 5).await;
    let path = format!("/api/products/{}/stock", product["id"].as_str().unwrap());
    let refused = async |body: serde_json::Value, field: &str| {
        let problem = admin
            .client
            .put(&path)
            .json(&body)
            .send()
            .await
            .problem(422, "validation_failed");
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
    };
    refused(json!({}), "set").await;
    refused(json!({"set": 1, "delta": 1, "reason": "x"}), "delta").await;
    refused(json!({"delta": 1}), "reason").await;
    refused(json!({"set": -1}), "set").await;
    refused(json!({"delta": -6, "reason": "lost"}), "delta").await;
    refused(json!({"variant_id": product["id"], "set": 1}), "variant_id").await;
    let _ = world
        .reserve(world.order_id(), &[(variant(&product), 3)])
        .await
        .expect(200);
    let problem = admin
        .client
        .put(&path)
        .json(&json!({"set": 2}))
        .send()
        .await
        .problem(409, "stock_reserved");
    assert_eq!(problem["reserved"], 3);
    admin
        .client
        .put(&path)
        .json(&json!({"set": 3}))
        .expect(200)
        .await;
    world.assert_ledger_adds_up().await;
}

#[tokio::test]
async fn staff_hear_once_that_little_is_left() {
    let world = World::new().await;
    let product = world.product("CUP", 1, 8).await;
    let low = async || {
        world
            .events()
            .await
            .iter()
            .filter(|kind| *kind == "inventory.low_stock")
            .count()
    };
    let _ = world
        .reserve(world.order_id(), &[(variant(&product), 2)])
        .await
        .expect(200);
    assert_eq!(low().await, 0);
    let _ = world
        .reserve(world.order_id(), &[(variant(&product), 1)])
        .await
        .expect(200);
    assert_eq!(low().await, 1);
    let _ = world
        .reserve(world.order_id(), &[(variant(&product), 1)])
        .await
        .expect(200);
    assert_eq!(low().await, 1);
    let event = world.event("inventory.low_stock").await;
    assert_eq!(
        event,
        json!({"variant_id": variant(&product), "product_id": product["id"], "sku": "CUP", "available": 5, "threshold": 5})
    );
}
