//! What staff and sellers do about reviews.

use auth_token::Role;
use product::Moderation;
use serde_json::{Value, json};

use crate::reviews::{at, bought, of, rating, reviewed};
use crate::world::World;

async fn acts(world: &World) -> Vec<Value> {
    sqlx::query_scalar("SELECT envelope->'data' FROM outbox WHERE event_type = 'staff.acted' AND envelope->'data'->>'action' LIKE 'review.%' ORDER BY seq")
        .fetch_all(&world.pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn what_staff_hide_is_seen_by_its_author_alone_with_the_reason() {
    let world = World::new().await;
    let product = world.product("A", 100, 5).await;
    let (author, review) = reviewed(&world, &product, 1).await;
    let (other, _) = reviewed(&world, &product, 5).await;
    let (path, staff) = (at(&review), world.person(Role::Support));
    let hide = format!("{path}/hide");
    let answer = staff.client.post(&hide).json(&json!({})).send().await;
    answer.problem(422, "validation_failed");
    for _ in 0..2 {
        let hidden = staff.client.post(&hide).json(&json!({"reason": "Insults"}));
        let hidden = hidden.expect(200).await.value();
        assert_eq!(hidden["status"], "hidden");
    }
    assert_eq!(
        world.event("review.moderated").await,
        json!({"review_id": review["id"], "product_id": product["id"], "user_id": author.id, "status": "hidden", "reason": "Insults"})
    );
    let told = acts(&world).await;
    assert_eq!(told.len(), 1, "a repetition is not told");
    assert_eq!(
        (&told[0]["action"], &told[0]["before"], &told[0]["after"]),
        (
            &json!("review.hide"),
            &json!({"status": "published", "reason": null}),
            &json!({"status": "hidden", "reason": "Insults"})
        )
    );
    assert_eq!(rating(&world, &product).await["count"], 1);
    let listed = other.client.get(&of(&product)).expect(200).await.value();
    assert_eq!(listed["data"].as_array().unwrap().len(), 1);
    world
        .guest()
        .get(&path)
        .send()
        .await
        .problem(404, "not_found");
    other
        .client
        .get(&path)
        .send()
        .await
        .problem(404, "not_found");
    let vote = other.client.put(&format!("{path}/helpful")).send().await;
    vote.problem(404, "not_found");
    let seen = author.client.get(&path).expect(200).await.value();
    assert_eq!(
        (&seen["status"], &seen["moderation_reason"]),
        (&json!("hidden"), &json!("Insults"))
    );
    let own = author.client.get("/api/reviews").expect(200).await.value();
    assert_eq!(own["data"], json!([seen]));

    // Mended, it waits for staff; published again, it counts again.
    let mended = json!({"rating": 2, "title": "Not for me", "body": "Politely."});
    let version = seen["version"].to_string();
    let mended = author
        .client
        .put(&path)
        .header("if-match", &format!("\"{version}\""))
        .json(&mended);
    assert_eq!(mended.expect(200).await.value()["status"], "pending");
    assert_eq!(rating(&world, &product).await["count"], 1);
    let publish = format!("{path}/publish");
    for _ in 0..2 {
        let published = staff.client.post(&publish).expect(200).await.value();
        assert_eq!(published["status"], "published");
        assert!(published.get("moderation_reason").is_none());
    }
    assert_eq!(acts(&world).await.len(), 2);
    assert_eq!(rating(&world, &product).await["average"], 3.5);
}

#[tokio::test]
async fn a_hidden_review_does_not_come_back_by_being_written_again() {
    let world = World::new().await;
    let product = world.product("A", 100, 5).await;
    let (author, review) = reviewed(&world, &product, 1).await;
    let staff = world.person(Role::Support).client;
    let hide = format!("{}/hide", at(&review));
    staff
        .post(&hide)
        .json(&json!({"reason": "Insults"}))
        .expect(200)
        .await;
    author.client.delete(&at(&review)).expect(204).await;
    let same = json!({"rating": 1, "title": "T", "body": "The same insults."});
    for status in ["pending", "pending"] {
        let written = author.client.post(&of(&product)).json(&same).expect(201);
        let written = written.await.value();
        assert_eq!(written["status"], status);
        author.client.delete(&at(&written)).expect(204).await;
    }
    assert_eq!(rating(&world, &product).await["count"], 0);
}

#[tokio::test]
async fn a_shop_may_look_at_reviews_before_they_are_shown() {
    let world = World::with(|settings| settings.reviews_moderation = Moderation::Before).await;
    let product = world.product("A", 100, 5).await;
    let (author, review) = reviewed(&world, &product, 4).await;
    assert_eq!(review["status"], "pending");
    assert_eq!(world.event("review.created").await["status"], "pending");
    assert_eq!(rating(&world, &product).await["count"], 0);
    let staff = world.person(Role::Support).client;
    let waiting = staff
        .get("/api/reviews?status=pending")
        .expect(200)
        .await
        .value();
    assert_eq!(waiting["data"][0]["id"], review["id"]);
    staff
        .post(&format!("{}/publish", at(&review)))
        .expect(200)
        .await;
    assert_eq!(rating(&world, &product).await["count"], 1);
    // A change is looked at as well.
    let changed = json!({"rating": 5, "title": "T", "body": "B"});
    let changed = author
        .client
        .put(&at(&review))
        .header("if-match", "\"2\"")
        .json(&changed);
    assert_eq!(changed.expect(200).await.value()["status"], "pending");
    assert_eq!(rating(&world, &product).await["count"], 0);
}

#[tokio::test]
async fn staff_find_reviews_and_others_only_their_own() {
    let world = World::new().await;
    let (lamp, cup) = (
        world.product("L", 100, 5).await,
        world.product("C", 100, 5).await,
    );
    let (anna, bright) = reviewed(&world, &lamp, 5).await;
    let (ben, dim) = reviewed(&world, &lamp, 2).await;
    bought(&world, ben.id, &cup).await;
    world.clock.advance(std::time::Duration::from_millis(2));
    let broken = json!({"rating": 1, "title": "100% broken", "body": "It_leaks"});
    let broken = ben
        .client
        .post(&of(&cup))
        .json(&broken)
        .expect(201)
        .await
        .value();
    let staff = world.person(Role::Support).client;
    let (lamp, ben_id) = (lamp["id"].as_str().unwrap(), ben.id);
    staff
        .post(&format!("{}/hide", at(&dim)))
        .json(&json!({"reason": "Spam"}))
        .expect(200)
        .await;
    for (query, found) in [
        (String::new(), vec![&broken, &dim, &bright]),
        (format!("product={lamp}"), vec![&dim, &bright]),
        (format!("user={ben_id}"), vec![&broken, &dim]),
        ("status=hidden".to_owned(), vec![&dim]),
        ("status=published".to_owned(), vec![&broken, &bright]),
        ("rating=5,2".to_owned(), vec![&dim, &bright]),
        ("q=BROKEN".to_owned(), vec![&broken]),
        ("q=100%25".to_owned(), vec![&broken]),
        ("q=t_l".to_owned(), vec![&broken]),
        ("q=%25".to_owned(), vec![&broken]),
        ("sort=lowest_rating&limit=1".to_owned(), vec![&broken]),
    ] {
        let page = staff
            .get(&format!("/api/reviews?{query}"))
            .expect(200)
            .await
            .value();
        let ids: Vec<&Value> = page["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|review| &review["id"])
            .collect();
        assert_eq!(
            ids,
            found.iter().map(|review| &review["id"]).collect::<Vec<_>>(),
            "{query}"
        );
        assert!(page["data"][0]["user_id"].is_string());
    }
    let own = anna
        .client
        .get(&format!("/api/reviews?product={lamp}"))
        .expect(200)
        .await
        .value();
    assert_eq!(own["data"].as_array().unwrap().len(), 1);
    assert_eq!(own["data"][0]["id"], bright["id"]);
    let others = anna
        .client
        .get(&format!("/api/reviews?user={ben_id}"))
        .expect(200)
        .await
        .value();
    assert_eq!(others, json!({"data": [], "next_cursor": null}));
    staff
        .get("/api/reviews?status=gone")
        .send()
        .await
        .problem(422, "validation_failed");
}

#[tokio::test]
async fn sellers_and_staff_answer_reviews() {
    let world = World::new().await;
    let seller = world.person(Role::Seller);
    let body = json!({"title": "Mug", "description": "", "sku": "M", "price": {"amount": 1, "currency": "EUR"}});
    let product = seller
        .client
        .post("/api/products")
        .json(&body)
        .expect(201)
        .await
        .value();
    let admin = world.person(Role::Admin).client;
    admin
        .post(&format!(
            "/api/products/{}/approve",
            product["id"].as_str().unwrap()
        ))
        .expect(200)
        .await;
    let (author, review) = reviewed(&world, &product, 3).await;
    let (path, thanks) = (
        format!("{}/reply", at(&review)),
        json!({"body": "Thank you."}),
    );
    for stranger in [&author, &world.person(Role::Seller)] {
        let answer = stranger.client.put(&path).json(&thanks).send().await;
        answer.problem(403, "forbidden");
    }
    let answered = seller
        .client
        .put(&path)
        .json(&thanks)
        .expect(200)
        .await
        .value();
    assert_eq!(
        (
            &answered["reply"]["body"],
            &answered["reply"]["from"],
            &answered["version"]
        ),
        (&json!("Thank you."), &json!("seller"), &json!(2))
    );
    assert!(acts(&world).await.is_empty(), "sellers are no staff");
    let support = world.person(Role::Support).client;
    let answered = support
        .put(&path)
        .json(&json!({"body": "We are sorry."}))
        .expect(200)
        .await
        .value();
    assert_eq!(answered["reply"]["from"], "shop");
    assert_eq!(acts(&world).await[0]["action"], "review.reply");
    let public = world.guest().get(&of(&product)).expect(200).await.value();
    assert_eq!(public["data"][0]["reply"]["body"], "We are sorry.");
    assert_eq!(public["data"][0]["rating"], 3);
    for _ in 0..2 {
        let without = seller.client.delete(&path).expect(200).await.value();
        assert_eq!(without["reply"], Value::Null);
    }
    let empty = seller
        .client
        .put(&path)
        .json(&json!({"body": " "}))
        .send()
        .await;
    empty.problem(422, "validation_failed");
}
