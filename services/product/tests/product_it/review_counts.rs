//! Ratings and votes are exact, whatever happens at once.

use std::time::Duration;

use auth_token::Role;
use serde_json::json;

use crate::reviews::{at, bought, edit, of, rating, reviewed};
use crate::world::World;

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

#[tokio::test]
async fn votes_are_counted_exactly() {
    let world = World::new().await;
    let product = world.product("A", 100, 5).await;
    let (author, review) = reviewed(&world, &product, 5).await;
    let path = format!("{}/helpful", at(&review));
    author
        .client
        .put(&path)
        .send()
        .await
        .problem(403, "own_review");
    world
        .guest()
        .put(&path)
        .send()
        .await
        .problem(401, "unauthenticated");
    let mut voting = tokio::task::JoinSet::new();
    for number in 0..10 {
        let (path, voter) = (path.clone(), world.person(Role::Customer).client);
        voting.spawn(async move {
            // Everybody twice at once; every third takes it back.
            let (one, two) =
                tokio::join!(voter.put(&path).expect(200), voter.put(&path).expect(200));
            assert_eq!(
                (&one.value()["voted"], &two.value()["voted"]),
                (&json!(true), &json!(true))
            );
            if number % 3 == 0 {
                for _ in 0..2 {
                    let back = voter.delete(&path).expect(200).await.value();
                    assert_eq!(back["voted"], false);
                }
            }
        });
    }
    voting.join_all().await;
    let seen = author.client.get(&at(&review)).expect(200).await.value();
    assert_eq!(
        (&seen["helpful_count"], &seen["voted"]),
        (&json!(6), &json!(false))
    );
    assert_eq!(seen["version"], 1, "votes are no change of the review");
    let voters: i64 = sqlx::query_scalar("SELECT count(*) FROM review_votes")
        .fetch_one(&world.pool)
        .await
        .unwrap();
    assert_eq!(voters, 6);
    let public = world.guest().get(&at(&review)).expect(200).await.value();
    assert!(
        public.get("voted").is_none() && public.get("user_id").is_none(),
        "{public}"
    );
}

#[tokio::test]
async fn the_rating_is_exact_whatever_happens_at_once() {
    let world = World::new().await;
    let product = world.product("A", 100, 5).await;
    let staff = world.person(Role::Support).client;
    let mut reviews = tokio::task::JoinSet::new();
    for number in 0..12i64 {
        world.clock.advance(Duration::from_millis(2));
        let buyer = world.person(Role::Customer);
        bought(&world, buyer.id, &product).await;
        let (list, staff, client) = (of(&product), staff.clone(), buyer.client);
        reviews.spawn(async move {
            let say = |stars: i64| json!({"rating": 1 + stars % 5, "title": "T", "body": "B"});
            let written = client
                .post(&list)
                .json(&say(number))
                .expect(201)
                .await
                .value();
            let path = at(&written);
            let (hide, publish) = (format!("{path}/hide"), format!("{path}/publish"));
            let reason = json!({"reason": "Rude"});
            // A change, a decision of staff and another or a deletion, in whatever order they come.
            let content = say(number + 2);
            let deleting = async {
                if number % 4 == 3 {
                    client.delete(&path).send().await.status
                } else {
                    staff.post(&publish).send().await.status
                }
            };
            let _ = tokio::join!(
                edit(&client, &path, 1, &content),
                staff.post(&hide).json(&reason).send(),
                deleting
            );
            if number % 3 == 0 {
                staff.post(&publish).send().await;
            }
        });
    }
    reviews.join_all().await;
    let (sum, count): (i64, i64) = sqlx::query_as(
        "SELECT coalesce(sum(rating), 0), count(*) FROM reviews WHERE status = 'published'",
    )
    .fetch_one(&world.pool)
    .await
    .unwrap();
    let kept: (i64, i32) = sqlx::query_as("SELECT rating_sum, rating_count FROM products")
        .fetch_one(&world.pool)
        .await
        .unwrap();
    assert_eq!((sum, count), (kept.0, i64::from(kept.1)));
    assert_eq!(rating(&world, &product).await["count"], count);
}
