//! Reviews by verified buyers.

use std::time::Duration;

use auth_token::Role;
use primitives::UserId;
use serde_json::{Value, json};
use testkit::http::{Answer, Client};

use crate::world::{Person, World, keys};

pub(crate) async fn bought(world: &World, user: UserId, product: &Value) {
    sqlx::query("INSERT INTO purchases (user_id, product_id, order_id, quantity, purchased_at) VALUES ($1, $2::uuid, gen_random_uuid(), 1, now())")
        .bind(user.uuid())
        .bind(product["id"].as_str())
        .execute(&world.pool)
        .await
        .unwrap();
}

/// Where a product's reviews are.
pub(crate) fn of(product: &Value) -> String {
    format!("/api/products/{}/reviews", product["id"].as_str().unwrap())
}

/// Where a review is.
pub(crate) fn at(review: &Value) -> String {
    format!("/api/reviews/{}", review["id"].as_str().unwrap())
}

/// A buyer of the product, and what they say of it.
pub(crate) async fn reviewed(world: &World, product: &Value, rating: i64) -> (Person, Value) {
    world.clock.advance(Duration::from_millis(2));
    let buyer = world.person(Role::Customer);
    bought(world, buyer.id, product).await;
    let review = json!({"rating": rating, "title": format!("{rating} stars"), "body": "As I say."});
    let written = buyer.client.post(&of(product)).json(&review).expect(201);
    let written = written.await.value();
    (buyer, written)
}

/// What the list says of a product's stars, which must be what its page and its row in the search say.
pub(crate) async fn rating(world: &World, product: &Value) -> Value {
    let list = world.guest().get(&of(product)).expect(200).await.value();
    let path = format!("/api/products/{}", product["id"].as_str().unwrap());
    let page = world.guest().get(&path).expect(200).await.value();
    for member in ["average", "count"] {
        assert_eq!(list["rating"][member], page["rating"][member], "{member}");
    }
    let found = world.guest().get("/api/products").expect(200).await.value();
    let found = found["data"].as_array().unwrap();
    let found = found.iter().find(|other| other["id"] == product["id"]);
    assert_eq!(found.unwrap()["rating"], page["rating"], "in the list");
    list["rating"].clone()
}

pub(crate) async fn edit(client: &Client, path: &str, version: i64, body: &Value) -> Answer {
    let request = client
        .put(path)
        .header("if-match", &format!("\"{version}\""));
    request.json(body).send().await
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
            "helpful_count",
            "id",
            "product_id",
            "rating",
            "reply",
            "status",
            "title",
            "updated_at",
            "user_id",
            "verified_purchase",
            "version",
            "voted"
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
async fn an_author_edits_and_deletes_their_own_review() {
    let world = World::new().await;
    let product = world.product("A", 100, 5).await;
    let (author, review) = reviewed(&world, &product, 2).await;
    let (other, _) = reviewed(&world, &product, 5).await;
    let (path, better) = (
        at(&review),
        json!({"rating": 4, "title": "Better now", "body": "It grew on me."}),
    );
    let put = author.client.put(&path).json(&better).send().await;
    put.problem(428, "precondition_required");
    edit(&author.client, &path, 7, &better)
        .await
        .problem(412, "stale_version");
    edit(&other.client, &path, 1, &better)
        .await
        .problem(403, "forbidden");
    edit(&author.client, &path, 1, &json!({"rating": 0}))
        .await
        .problem(422, "validation_failed");
    let edited = edit(&author.client, &path, 1, &better).await;
    assert_eq!(edited.status, 200, "{}", edited.text());
    let (tag, edited) = (edited.header("etag").to_owned(), edited.value());
    assert_eq!(
        (&edited["rating"], &edited["title"], &edited["version"]),
        (&json!(4), &json!("Better now"), &json!(2))
    );
    assert_eq!(rating(&world, &product).await["average"], 4.5);
    let event = world.event("review.updated").await;
    assert_eq!(
        (&event["rating"], &event["status"]),
        (&json!(4), &json!("published"))
    );
    let again = author.client.get(&path).header("if-none-match", &tag);
    assert_eq!(again.send().await.status, 304);

    let refused = other.client.delete(&path).send().await;
    refused.problem(403, "forbidden");
    let stale = author.client.delete(&path).header("if-match", "\"1\"");
    stale.send().await.problem(412, "stale_version");
    author.client.delete(&path).expect(204).await;
    author
        .client
        .get(&path)
        .send()
        .await
        .problem(404, "not_found");
    author
        .client
        .delete(&path)
        .send()
        .await
        .problem(404, "not_found");
    assert_eq!(
        rating(&world, &product).await,
        json!({"average": 5.0, "count": 1, "stars": {"1": 0, "2": 0, "3": 0, "4": 0, "5": 1}})
    );
    assert_eq!(
        world.event("review.deleted").await["review_id"],
        review["id"]
    );
    // Whoever took a review back may write another one.
    let again = author.client.post(&of(&product)).json(&better).expect(201);
    assert_eq!(again.await.value()["status"], "published");
}

#[tokio::test]
async fn nobody_reviews_what_they_sell() {
    let world = World::new().await;
    let seller = world.person(Role::Seller);
    let body = json!({"title": "Mine", "description": "", "sku": "M", "price": {"amount": 1, "currency": "EUR"}});
    let product = seller.client.post("/api/products").json(&body).expect(201);
    let product = product.await.value();
    let approve = format!("/api/products/{}/approve", product["id"].as_str().unwrap());
    let admin = world.person(Role::Admin).client;
    admin.post(&approve).expect(200).await;
    bought(&world, seller.id, &product).await;
    let review = json!({"rating": 5, "title": "Superb", "body": "Buy it."});
    let answer = seller.client.post(&of(&product)).json(&review).send().await;
    answer.problem(403, "own_product");
}

#[tokio::test]
async fn lists_are_sorted_filtered_and_paged() {
    let world = World::new().await;
    let product = world.product("A", 100, 5).await;
    let (mut voters, mut written) = (Vec::new(), Vec::new());
    for stars in [3, 5, 1, 5, 4] {
        let (person, review) = reviewed(&world, &product, stars).await;
        voters.push(person);
        written.push(review);
    }
    // The third helps three people, the first two, the last one.
    for (review, voter) in [(2, 0), (2, 1), (2, 3), (0, 1), (0, 2), (4, 0)] {
        let path = format!("{}/helpful", at(&written[review]));
        voters[voter].client.put(&path).expect(200).await;
    }
    let path = of(&product);
    for (query, order) in [
        ("", vec![4, 3, 2, 1, 0]),
        ("sort=newest", vec![4, 3, 2, 1, 0]),
        ("sort=helpful", vec![2, 0, 4, 3, 1]),
        ("sort=highest_rating", vec![3, 1, 4, 0, 2]),
        ("sort=lowest_rating", vec![2, 0, 4, 1, 3]),
        ("rating=5", vec![3, 1]),
        ("rating=1,4&sort=lowest_rating", vec![2, 4]),
        ("rating=2", vec![]),
    ] {
        let expected: Vec<&Value> = order
            .iter()
            .map(|number: &usize| &written[*number]["id"])
            .collect();
        for limit in [1, 2, 100] {
            let (mut seen, mut cursor) = (Vec::new(), String::new());
            loop {
                let url = format!("{path}?{query}&limit={limit}{cursor}");
                let answer = world.guest().get(&url).expect(200).await;
                assert!(
                    answer.statement_count() <= 3,
                    "{}",
                    answer.statement_count()
                );
                let page = answer.value();
                assert_eq!(
                    page["rating"]["stars"],
                    json!({"1": 1, "2": 0, "3": 1, "4": 1, "5": 2})
                );
                seen.extend(
                    page["data"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .map(|review| review["id"].clone()),
                );
                match page["next_cursor"].as_str() {
                    Some(next) => cursor = format!("&cursor={next}"),
                    None => break,
                }
            }
            assert_eq!(
                seen.iter().collect::<Vec<_>>(),
                expected,
                "{query} by {limit}"
            );
        }
    }
    let first = world
        .guest()
        .get(&format!("{path}?sort=helpful&limit=1"))
        .expect(200);
    let cursor = first.await.value()["next_cursor"]
        .as_str()
        .unwrap()
        .to_owned();
    for query in [
        format!("sort=newest&cursor={cursor}"),
        "rating=6".to_owned(),
        "rating=1,,2".to_owned(),
        "sort=oldest".to_owned(),
        "status=hidden".to_owned(),
    ] {
        let answer = world.guest().get(&format!("{path}?{query}")).send().await;
        answer.problem(422, "validation_failed");
    }
}
