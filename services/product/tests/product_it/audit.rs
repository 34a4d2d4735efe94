//! What staff do is told to the audit trail: once for each change, and not at all for what failed or changed nothing.

use auth_token::Role;
use serde_json::{Value, json};

use crate::world::{World, variant};

impl World {
    /// What staff did, oldest first.
    async fn acts(&self) -> Vec<Value> {
        sqlx::query_scalar(
            "SELECT envelope->'data' FROM outbox WHERE event_type = 'staff.acted' ORDER BY seq",
        )
        .fetch_all(&self.pool)
        .await
        .unwrap()
    }

    /// The newest act, after it was checked that there are so many.
    async fn act(&self, count: usize) -> Value {
        let mut acts = self.acts().await;
        assert_eq!(acts.len(), count, "{acts:#?}");
        acts.pop().unwrap_or_default()
    }
}

/// A seller's product, and its path.
async fn draft(world: &World) -> (Value, String) {
    let body = json!({"title": "Cup", "description": "", "sku": "CUP", "stock": 10, "price": {"amount": 1, "currency": "EUR"}});
    let seller = world.person(Role::Seller).client;
    let product = seller
        .post("/api/products")
        .json(&body)
        .expect(201)
        .await
        .value();
    let path = format!("/api/products/{}", product["id"].as_str().unwrap());
    seller.post(&format!("{path}/submit")).expect(200).await;
    let stock = format!("{path}/stock");
    seller
        .put(&stock)
        .json(&json!({"set": 11}))
        .expect(200)
        .await;
    assert!(world.acts().await.is_empty(), "sellers are no staff");
    (product, path)
}

#[tokio::test]
async fn approval_is_told_once_through_either_api() {
    let world = World::new().await;
    let (product, path) = draft(&world).await;
    let target = format!("product:{}", product["id"].as_str().unwrap());
    let admin = world.person(Role::Admin);
    let approve = format!("{path}/approve");
    let answer = admin.client.post(&approve).expect(200).await;
    assert_eq!(
        world.act(1).await,
        json!({
            "actor": {"user_id": admin.id, "email": "admin@example.com", "role": "admin"},
            "through": "rest",
            "action": "product.approve",
            "target": target,
            "before": {"status": "pending_review"},
            "after": {"status": "active"},
            "ip": "127.0.0.1",
            "request_id": answer.header("x-request-id"),
        })
    );
    admin.client.post(&approve).expect(200).await;
    world.act(1).await;

    let internal = testkit::http::Client::new(world.internal_url())
        .with_bearer(&world.service_token("product", Some(Role::Admin)))
        .with_header("x-real-ip", "203.0.113.7");
    let reject = format!("/internal{path}/reject");
    for _ in 0..2 {
        internal
            .post(&reject)
            .json(&json!({"reason": "blurred"}))
            .expect(200)
            .await;
    }
    let act = world.act(2).await;
    assert_eq!(
        (
            &act["through"],
            &act["action"],
            &act["ip"],
            &act["actor"]["role"]
        ),
        (
            &json!("order"),
            &json!("product.reject"),
            &json!("203.0.113.7"),
            &json!("admin")
        )
    );
    assert_eq!(
        (&act["target"], &act["before"], &act["after"]),
        (
            &json!(target),
            &json!({"status": "active"}),
            &json!({"status": "rejected", "reason": "blurred"})
        )
    );

    admin.client.delete(&path).expect(204).await;
    assert_eq!(world.act(3).await["action"], "product.delete");
    admin
        .client
        .post(&approve)
        .send()
        .await
        .problem(409, "invalid_status");
    world.act(3).await;
}

#[tokio::test]
async fn stock_that_staff_change_is_told_with_both_counts() {
    let world = World::new().await;
    let (product, path) = draft(&world).await;
    let admin = world.person(Role::Admin).client;
    let stock = format!("{path}/stock");
    let broken = json!({"delta": -2, "reason": "broken"});
    admin.put(&stock).json(&broken).expect(200).await;
    let act = world.act(1).await;
    let variant_id = variant(&product);
    assert_eq!(act["action"], "product.set_stock");
    assert_eq!(
        act["before"],
        json!({"variant_id": variant_id, "on_hand": 11})
    );
    assert_eq!(
        act["after"],
        json!({"variant_id": variant_id, "on_hand": 9, "reason": "broken"})
    );
    admin.put(&stock).json(&json!({"set": 9})).expect(200).await;
    let lost = json!({"delta": -10, "reason": "lost"});
    admin
        .put(&stock)
        .json(&lost)
        .send()
        .await
        .problem(422, "validation_failed");
    world.act(1).await;
}

#[tokio::test]
async fn categories_are_told_whole() {
    let world = World::new().await;
    let admin = world.person(Role::Admin).client;
    let lamps = json!({"name": "Lamps"});
    let made = admin
        .post("/api/categories")
        .json(&lamps)
        .expect(201)
        .await
        .value();
    let act = world.act(1).await;
    let target = format!("category:{}", made["id"].as_str().unwrap());
    assert_eq!(
        (
            &act["action"],
            &act["target"],
            &act["before"],
            &act["after"]
        ),
        (
            &json!("category.create"),
            &json!(target),
            &Value::Null,
            &made
        )
    );
    admin
        .post("/api/categories")
        .json(&lamps)
        .send()
        .await
        .problem(409, "slug_taken");

    let path = format!("/api/categories/{}", made["id"].as_str().unwrap());
    let changed = admin
        .put(&path)
        .json(&json!({"name": "Lights"}))
        .expect(200)
        .await
        .value();
    let act = world.act(2).await;
    assert_eq!(
        (&act["action"], &act["before"], &act["after"]),
        (&json!("category.update"), &made, &changed)
    );

    let below = json!({"name": "Bulbs", "parent_id": made["id"]});
    let below = admin
        .post("/api/categories")
        .json(&below)
        .expect(201)
        .await
        .value();
    admin
        .delete(&path)
        .send()
        .await
        .problem(409, "category_not_empty");
    world.act(3).await;
    let leaf = format!("/api/categories/{}", below["id"].as_str().unwrap());
    admin.delete(&leaf).expect(204).await;
    let act = world.act(4).await;
    assert_eq!(
        (&act["action"], &act["before"], &act["after"]),
        (&json!("category.delete"), &below, &Value::Null)
    );
}
