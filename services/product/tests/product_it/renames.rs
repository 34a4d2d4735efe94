//! Addresses: a product with another title gets another one, and no old link breaks.

use std::collections::HashSet;

use auth_token::Role;
use serde_json::{Value, json};

use crate::world::World;

fn body(title: &str, sku: &str) -> Value {
    json!({"title": title, "description": "", "sku": sku, "price": {"amount": 100, "currency": "EUR"}})
}

#[tokio::test]
async fn former_addresses_lead_to_the_present_one() {
    let world = World::new().await;
    let (seller, admin) = (world.person(Role::Seller), world.person(Role::Admin));
    let made = seller
        .client
        .post("/api/products")
        .json(&body("Old Lamp", "A"))
        .expect(201)
        .await
        .value();
    let id = made["id"].as_str().unwrap();
    seller
        .client
        .put(&format!("/api/products/{id}"))
        .json(&body("x", "A"))
        .send()
        .await
        .problem(428, "precondition_required");
    let update = async |body: Value| {
        let path = format!("/api/products/{id}");
        let read = seller.client.get(&path).expect(200).await;
        seller
            .client
            .put(&path)
            .header("if-match", read.header("etag"))
            .json(&body)
            .send()
            .await
    };
    assert_eq!(
        update(body("New Lamp", "A")).await.value()["slug"],
        "new-lamp"
    );
    assert_eq!(
        update(body("NEW, lamp!", "A")).await.value()["slug"],
        "new-lamp",
        "the words are the same"
    );
    let mut own = body("Newest Lamp", "A");
    own["slug"] = json!("lamp-of-the-year");
    assert_eq!(update(own).await.value()["slug"], "lamp-of-the-year");

    // Who may not see the product does not see where it went.
    world
        .guest()
        .get("/api/products/old-lamp")
        .send()
        .await
        .problem(404, "not_found");
    admin
        .client
        .post(&format!("/api/products/{id}/approve"))
        .expect(200)
        .await;
    for former in ["old-lamp", "new-lamp"] {
        let answer = world
            .guest()
            .get(&format!("/api/products/{former}"))
            .expect(308)
            .await;
        assert_eq!(
            answer.header("location"),
            "/api/products/lamp-of-the-year",
            "{former}"
        );
        assert_eq!(
            answer.value(),
            json!({"id": id, "slug": "lamp-of-the-year"})
        );
    }
    // It may be named as before; then the others lead there.
    let mut back = body("Newest Lamp", "A");
    back["slug"] = json!("old-lamp");
    assert_eq!(update(back).await.value()["slug"], "old-lamp");
    world
        .guest()
        .get("/api/products/old-lamp")
        .expect(200)
        .await;
    let answer = world
        .guest()
        .get("/api/products/lamp-of-the-year")
        .expect(308)
        .await;
    assert_eq!(answer.header("location"), "/api/products/old-lamp");
    for (slug, status, code) in [
        ("Old Lamp", 422, "validation_failed"),
        ("export", 422, "validation_failed"),
    ] {
        let mut bad = body("T", "A");
        bad["slug"] = json!(slug);
        update(bad).await.problem(status, code);
    }
}

#[tokio::test]
async fn a_former_address_is_never_given_to_another_product() {
    let world = World::new().await;
    let seller = world.person(Role::Seller);
    let post = async |body: Value| seller.client.post("/api/products").json(&body).send().await;
    let first = post(body("Lamp", "A")).await.value();
    let id = first["id"].as_str().unwrap().to_owned();
    let renamed = seller
        .client
        .put(&format!("/api/products/{id}"))
        .header("if-match", "\"1\"")
        .json(&body("Light", "A"))
        .expect(200)
        .await;
    assert_eq!(renamed.value()["slug"], "light");
    let second = post(body("Lamp", "B")).await.value();
    assert!(
        second["slug"].as_str().unwrap().starts_with("lamp-"),
        "{second}"
    );
    let mut own = body("Lamp", "C");
    own["slug"] = json!("lamp");
    post(own).await.problem(409, "slug_taken");
    // Not even when it is deleted.
    seller
        .client
        .delete(&format!("/api/products/{id}"))
        .expect(204)
        .await;
    let mut own = body("Lamp", "C");
    own["slug"] = json!("light");
    post(own).await.problem(409, "slug_taken");
    let reserved = post(body("Suggest", "D")).await.value();
    assert_eq!(reserved["slug"], "product-suggest");
}

/// Many products take the same title at once, and leave it again: no two ever have, or had, the same address.
#[tokio::test]
async fn addresses_stay_apart_under_concurrent_renames() {
    let world = World::new().await;
    let seller = world.person(Role::Seller);
    let mut ids = Vec::new();
    for number in 0..8 {
        let made = seller
            .client
            .post("/api/products")
            .json(&body(&format!("Thing {number}"), &format!("S-{number}")))
            .expect(201)
            .await
            .value();
        ids.push(made["id"].as_str().unwrap().to_owned());
    }
    let lives = ids.iter().enumerate().map(|(number, id)| {
        let seller = seller.clone();
        async move {
            for round in 0..6 {
                let title = if round % 2 == 0 { "Same" } else { "Other" };
                let path = format!("/api/products/{id}");
                let read = seller.client.get(&path).expect(200).await;
                let written = seller
                    .client
                    .put(&path)
                    .header("if-match", read.header("etag"))
                    .json(&body(title, &format!("S-{number}")))
                    .send()
                    .await;
                assert_eq!(written.status, 200, "{}", written.text());
            }
        }
    });
    futures::future::join_all(lives).await;
    let present: Vec<String> = sqlx::query_scalar("SELECT slug FROM products")
        .fetch_all(&world.pool)
        .await
        .unwrap();
    assert_eq!(present.iter().collect::<HashSet<_>>().len(), 8);
    let strangers: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM products p JOIN product_slugs s USING (slug) WHERE s.product_id <> p.id",
    )
    .fetch_one(&world.pool)
    .await
    .unwrap();
    assert_eq!(strangers, 0);
}
