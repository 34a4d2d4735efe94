//! Approved products go live, and leave the shop, in their time.

use std::time::Duration;

use auth_token::Role;
use primitives::Timestamp;
use serde_json::{Value, json};

use crate::world::World;

const HOUR: Duration = Duration::from_secs(3600);

fn body(sku: &str, from: Option<Timestamp>, until: Option<Timestamp>) -> Value {
    json!({"title": format!("Thing {sku}"), "description": "", "sku": sku, "stock": 1, "price": {"amount": 100, "currency": "EUR"},
        "publish_at": from, "unpublish_at": until})
}

async fn listed(world: &World) -> usize {
    let list = world.guest().get("/api/products").expect(200).await.value();
    list["data"].as_array().unwrap().len()
}

#[tokio::test]
async fn an_approved_product_goes_live_and_leaves_by_itself() {
    let world = World::new().await;
    let (seller, admin) = (world.person(Role::Seller), world.person(Role::Admin));
    let now = world.clock.now();
    let made = seller
        .client
        .post("/api/products")
        .json(&body("A", Some(now + HOUR), Some(now + 3 * HOUR)))
        .expect(201)
        .await
        .value();
    let path = format!("/api/products/{}", made["id"].as_str().unwrap());
    assert_eq!(
        (&made["publish_at"], &made["unpublish_at"]),
        (&json!(now + HOUR), &json!(now + 3 * HOUR))
    );
    let submitted = seller
        .client
        .post(&format!("{path}/submit"))
        .expect(200)
        .await
        .value();
    // Who approves says what they saw.
    admin
        .client
        .post(&format!("{path}/approve"))
        .header("if-match", "\"1\"")
        .send()
        .await
        .problem(412, "stale_version");
    let seen = format!("\"{}\"", submitted["version"]);
    let approved = admin
        .client
        .post(&format!("{path}/approve"))
        .header("if-match", &seen)
        .expect(200)
        .await
        .value();
    assert_eq!(
        (&approved["status"], &approved["approved"]),
        (&json!("draft"), &json!(true)),
        "it waits for its time"
    );
    let queue = admin
        .client
        .get("/api/products?status=pending_review")
        .expect(200)
        .await
        .value();
    assert_eq!(queue["data"], json!([]), "nobody need look at it again");
    assert_eq!(world.app.keep_schedules().await.unwrap(), 0);
    world.guest().get(&path).expect(404).await;

    world.clock.advance(HOUR);
    assert_eq!(world.app.keep_schedules().await.unwrap(), 1);
    assert_eq!(world.app.keep_schedules().await.unwrap(), 0);
    world.guest().get(&path).expect(200).await;
    assert_eq!(listed(&world).await, 1);
    assert_eq!(world.event("product.updated").await["status"], "active");

    world.clock.advance(2 * HOUR);
    assert_eq!(world.app.keep_schedules().await.unwrap(), 1);
    assert_eq!(world.app.keep_schedules().await.unwrap(), 0);
    world.guest().get(&path).expect(404).await;
    assert_eq!(listed(&world).await, 0);
    let over = seller.client.get(&path).expect(200).await;
    assert_eq!(
        (&over.value()["status"], &over.value()["approved"]),
        (&json!("draft"), &json!(true))
    );

    // Another time, and it is back at once: staff have approved it.
    let back = seller
        .client
        .put(&path)
        .header("if-match", over.header("etag"))
        .json(&body("A", None, None))
        .expect(200)
        .await
        .value();
    assert_eq!(back["status"], "active");
    world.guest().get(&path).expect(200).await;
    let kinds = world.events().await;
    let count = |kind: &str| kinds.iter().filter(|event| *event == kind).count();
    assert_eq!(
        (count("product.created"), count("product.approved")),
        (1, 1)
    );
}

#[tokio::test]
async fn nothing_goes_live_that_staff_have_not_approved() {
    let world = World::new().await;
    let (seller, admin) = (world.person(Role::Seller), world.person(Role::Admin));
    let soon = world.clock.now() + HOUR;
    let mut paths = Vec::new();
    for sku in ["DRAFT", "WAITING", "REJECTED", "DELETED"] {
        let made = seller
            .client
            .post("/api/products")
            .json(&body(sku, Some(soon), None))
            .expect(201)
            .await
            .value();
        paths.push(format!("/api/products/{}", made["id"].as_str().unwrap()));
    }
    let staff = async |path: &str, verb: &str| {
        admin
            .client
            .post(&format!("{path}/{verb}"))
            .json(&json!({"reason": "No"}))
            .expect(200)
            .await
    };
    seller
        .client
        .post(&format!("{}/submit", paths[1]))
        .expect(200)
        .await;
    for path in &paths[2..] {
        staff(path, "approve").await;
    }
    staff(&paths[2], "reject").await;
    seller.client.delete(&paths[3]).expect(204).await;
    world.clock.advance(2 * HOUR);
    assert_eq!(world.app.keep_schedules().await.unwrap(), 0);
    assert_eq!(listed(&world).await, 0);

    let problem = seller
        .client
        .post("/api/products")
        .json(&body("X", Some(soon), Some(soon)))
        .send()
        .await
        .problem(422, "validation_failed");
    assert_eq!(problem["errors"][0]["field"], "unpublish_at");
}

#[tokio::test]
async fn many_are_kept_at_once_by_several_that_look() {
    let world = World::new().await;
    let soon = world.clock.now() + HOUR;
    for number in 0..12 {
        let mut body = body(&format!("S-{number}"), Some(soon), None);
        body["status"] = json!("active");
        assert_eq!(world.product_of(&body).await["status"], "draft");
    }
    world.clock.advance(2 * HOUR);
    let (a, b, c) = tokio::join!(
        world.app.keep_schedules(),
        world.app.keep_schedules(),
        world.app.keep_schedules()
    );
    assert_eq!(a.unwrap() + b.unwrap() + c.unwrap(), 12);
    assert_eq!(listed(&world).await, 12);
}
