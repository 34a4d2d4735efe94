//! Reviews by verified buyers.

use auth_token::Role;
use primitives::UserId;
use serde_json::{Value, json};

use crate::world::{World, keys};

async fn bought(world: &World, user: UserId, product: &Value) {
    sqlx::query("INSERT INTO purchases (user_id, product_id, order_id, quantity, purchased_at) VALUES ($1, $2::uuid, gen_random_uuid(), 1, now())")
        .bind(user.uuid())
        .bind(product["id"].as_str())
        .execute(&world.pool)
        .await
        .unwrap();
}

#[tokio::test]
async fn only_buyers_review_and_only_once() {
    let world = World::new().await;
    let product = world.product("A", 100, 5).await;
    let path = format!("/api/products/{}/reviews", product["id"].as_str().unwrap());
    let buyer = world.person(Role::Customer);
    let review = json!({"rating": 4, "title": "Good", "body": "It works."});
    world
        .guest()
        .post(&path)
        .json(&review)
        .send()
        .await
        .problem(401, "unauthenticated");
    buyer
        .client
        .post(&path)
        .json(&review)
        .send()
        .await
        .problem(403, "not_a_buyer");
    bought(&world, buyer.id, &product).await;
    let written = buyer
        .client
        .post(&path)
        .json(&review)
        .expect(201)
        .await
        .value();
    assert_eq!(
        keys(&written),
        [
            "author_name",
            "body",
            "created_at",
            "id",
            "product_id",
            "rating",
            "title",
            "updated_at"
        ]
    );
    buyer
        .client
        .post(&path)
        .json(&review)
        .send()
        .await
        .problem(409, "already_reviewed");
    let problem = buyer
        .client
        .post(&path)
        .json(&json!({"rating": 6, "title": "", "body": "x", "stars": 1}))
        .send()
        .await
        .problem(422, "validation_failed");
    assert_eq!(problem["errors"].as_array().unwrap().len(), 3);
    assert_eq!(world.event("review.created").await["rating"], 4);
}

#[tokio::test]
async fn the_average_is_exact_under_concurrency() {
    let world = World::new().await;
    let product = world.product("A", 100, 5).await;
    let path = format!("/api/products/{}/reviews", product["id"].as_str().unwrap());
    let mut buyers = Vec::new();
    for _ in 0..12 {
        let buyer = world.person(Role::Customer);
        bought(&world, buyer.id, &product).await;
        buyers.push(buyer);
    }
    let mut writing = tokio::task::JoinSet::new();
    for (number, buyer) in buyers.into_iter().enumerate() {
        let (path, rating) = (path.clone(), 1 + number % 5);
        writing.spawn(async move {
            buyer
                .client
                .post(&path)
                .json(&json!({"rating": rating, "title": "T", "body": "B"}))
                .expect(201)
                .await
        });
    }
    writing.join_all().await;
    let product = world
        .guest()
        .get(&format!(
            "/api/products/{}",
            product["id"].as_str().unwrap()
        ))
        .expect(200)
        .await
        .value();
    // 1 to 5 twice, then 1 and 2: 33 stars of 12.
    assert_eq!(product["rating"], json!({"average": 2.75, "count": 12}));

    let (mut seen, mut cursor) = (0, String::new());
    loop {
        let page = world
            .guest()
            .get(&format!("{path}?limit=5{cursor}"))
            .expect(200)
            .await
            .value();
        seen += page["data"].as_array().unwrap().len();
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, 12);
    assert_eq!(
        world
            .guest()
            .get("/api/products?rating=3")
            .expect(200)
            .await
            .value()["data"],
        json!([])
    );
    assert_eq!(
        world
            .guest()
            .get("/api/products?rating=2")
            .expect(200)
            .await
            .value()["data"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}
