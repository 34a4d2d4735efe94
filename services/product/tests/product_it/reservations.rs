//! Holding stock for orders, and what becomes of it.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use crate::world::{World, variant};

#[tokio::test]
async fn a_hold_is_idempotent_by_order() {
    let world = World::new().await;
    let (a, b) = (
        world.product("A", 100, 5).await,
        world.product("B", 200, 5).await,
    );
    let order = world.order_id();
    // Lines of one variant are summed.
    let lines = [(variant(&b), 1), (variant(&a), 2), (variant(&b), 1)];
    let first = world.reserve(order, &lines).await.expect(200).value();
    assert_eq!(first["lines"].as_array().unwrap().len(), 2);
    let line = &first["lines"][0];
    assert_eq!(
        (
            &line["quantity"],
            &line["variant"]["sku"],
            &line["variant"]["price"]["amount"]
        ),
        (&json!(2), &json!("A"), &json!(100))
    );
    assert_eq!(line["variant"]["tax_class"], "standard");
    let held = world.reserve(world.order_id(), &lines[..1]).await;
    // A look, the claim with the lock, the stock, all that changes, the event; and COMMIT.
    assert_eq!(held.expect(200).statement_count(), 6);
    // The price has changed since; the answer has not.
    sqlx::query("UPDATE product_variants SET price = 999")
        .execute(&world.pool)
        .await
        .unwrap();
    assert_eq!(
        world.reserve(order, &lines).await.expect(200).value(),
        first
    );
    assert_eq!(
        (
            world.level(variant(&a)).await,
            world.level(variant(&b)).await
        ),
        ((5, 2), (5, 3))
    );
    world
        .reserve(order, &[(variant(&a), 1)])
        .await
        .problem(409, "reservation_mismatch");
    assert_eq!(
        world.ledger(variant(&a)).await,
        ["receive 5 0", "reserve 0 2"]
    );
    world.assert_ledger_adds_up().await;
}

#[tokio::test]
async fn all_lines_are_held_or_none() {
    let world = World::new().await;
    let (a, b, draft) = (
        world.product("A", 100, 5).await,
        world.product("B", 200, 1).await,
        world.product("C", 1, 5).await,
    );
    sqlx::query("UPDATE products SET status = 'draft' WHERE id = $1::uuid")
        .bind(draft["id"].as_str())
        .execute(&world.pool)
        .await
        .unwrap();
    let order = world.order_id();
    let unknown = "0190163d-8694-739b-aea5-966c26f8ad91";
    let problem = world
        .reserve(
            order,
            &[
                (variant(&a), 5),
                (variant(&b), 2),
                (variant(&draft), 1),
                (unknown, 1),
            ],
        )
        .await
        .problem(409, "insufficient_stock");
    let mut expected = vec![
        json!({"variant_id": variant(&b), "requested": 2, "available": 1}),
        json!({"variant_id": variant(&draft), "requested": 1, "available": 0}),
        json!({"variant_id": unknown, "requested": 1, "available": 0}),
    ];
    expected.sort_by_key(|line| line["variant_id"].as_str().unwrap().to_owned());
    assert_eq!(problem["lines"], json!(expected));
    assert_eq!(
        (world.level(variant(&a)).await, world.hold(order).await),
        ((5, 0), None)
    );
    // The refused order may try again.
    let _ = world.reserve(order, &[(variant(&a), 5)]).await.expect(200);
    world.assert_ledger_adds_up().await;
}

#[tokio::test]
async fn bad_requests_are_refused() {
    let world = World::new().await;
    let product = world.product("A", 100, 5).await;
    let client = world.order_service();
    let refused = async |body: serde_json::Value, field: &str| {
        let problem = client
            .post("/internal/reservations")
            .json(&body)
            .send()
            .await
            .problem(422, "validation_failed");
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
    };
    let order = world.order_id();
    refused(json!({"order_id": order, "lines": []}), "lines").await;
    refused(
        json!({"order_id": order, "lines": [{"variant_id": variant(&product), "quantity": 0}]}),
        "lines[0].quantity",
    )
    .await;
    refused(json!({"order_id": order, "lines": [{"variant_id": variant(&product), "quantity": 9999}, {"variant_id": variant(&product), "quantity": 1}]}), "lines").await;
    refused(json!({"order_id": order, "lines": [{"variant_id": variant(&product), "quantity": 1}], "expires_in_seconds": 0}), "expires_in_seconds").await;
}

#[tokio::test]
async fn a_released_hold_is_closed_for_ever() {
    let world = World::new().await;
    let product = world.product("A", 100, 5).await;
    let (order, client) = (world.order_id(), world.order_service());
    let _ = world
        .reserve(order, &[(variant(&product), 2)])
        .await
        .expect(200);
    for _ in 0..2 {
        let status = client
            .post(&format!("/internal/reservations/{order}/release"))
            .expect(200)
            .await
            .value();
        assert_eq!(status, json!({"status": "released"}));
    }
    assert_eq!(world.level(variant(&product)).await, (5, 0));
    world
        .reserve(order, &[(variant(&product), 2)])
        .await
        .problem(409, "reservation_closed");
    client
        .post(&format!("/internal/reservations/{order}/commit"))
        .send()
        .await
        .problem(409, "reservation_closed");
    // A release that overtook its hold.
    let early = world.order_id();
    client
        .post(&format!("/internal/reservations/{early}/release"))
        .expect(200)
        .await;
    world
        .reserve(early, &[(variant(&product), 1)])
        .await
        .problem(409, "reservation_closed");
    world.assert_ledger_adds_up().await;
}

#[tokio::test]
async fn a_commit_sells_and_a_release_after_it_restocks() {
    let world = World::new().await;
    let product = world.product("A", 100, 5).await;
    let (order, client) = (world.order_id(), world.order_service());
    client
        .post(&format!("/internal/reservations/{order}/commit"))
        .send()
        .await
        .problem(404, "not_found");
    let _ = world
        .reserve(order, &[(variant(&product), 2)])
        .await
        .expect(200);
    for _ in 0..2 {
        client
            .post(&format!("/internal/reservations/{order}/commit"))
            .expect(200)
            .await;
    }
    assert_eq!(world.level(variant(&product)).await, (3, 0));
    for _ in 0..2 {
        client
            .post(&format!("/internal/reservations/{order}/release"))
            .expect(200)
            .await;
    }
    assert_eq!(world.level(variant(&product)).await, (5, 0));
    assert_eq!(
        world.ledger(variant(&product)).await,
        ["receive 5 0", "reserve 0 2", "sell -2 -2", "restock 2 0"]
    );
    world.assert_ledger_adds_up().await;
}

#[tokio::test]
async fn holds_expire_and_a_late_commit_takes_what_is_left() {
    let world = World::new().await;
    let product = world.product("A", 100, 5).await;
    let (late, later) = (world.order_id(), world.order_id());
    let _ = world
        .reserve(late, &[(variant(&product), 3)])
        .await
        .expect(200);
    let _ = world
        .reserve(later, &[(variant(&product), 2)])
        .await
        .expect(200);
    assert_eq!(world.app.expire_holds().await.unwrap(), 0);
    world.clock.advance(Duration::from_secs(1801));
    world
        .reserve(late, &[(variant(&product), 3)])
        .await
        .problem(409, "reservation_closed");
    // Two reconcilers at once share the work.
    let (one, two) = tokio::join!(world.app.expire_holds(), world.app.expire_holds());
    assert_eq!(one.unwrap() + two.unwrap(), 2);
    assert_eq!(world.level(variant(&product)).await, (5, 0));
    assert_eq!(
        world.event("inventory.released").await["lines"]
            .as_array()
            .unwrap()
            .len(),
        1
    );

    // Tokens of services live a minute.
    let client = world.order_service();
    client
        .post(&format!("/internal/reservations/{late}/commit"))
        .expect(200)
        .await;
    assert_eq!(world.level(variant(&product)).await, (2, 0));
    let other = world.order_id();
    let _ = world
        .reserve(other, &[(variant(&product), 1)])
        .await
        .expect(200);
    let problem = client
        .post(&format!("/internal/reservations/{later}/commit"))
        .send()
        .await
        .problem(409, "insufficient_stock");
    assert_eq!(
        problem["lines"],
        json!([{"variant_id": variant(&product), "requested": 2, "available": 1}])
    );
    assert_eq!(world.hold(later).await.as_deref(), Some("rejected"));
    assert_eq!(
        world.event("inventory.rejected").await["lines"],
        problem["lines"]
    );
    assert_eq!(
        world.ledger(variant(&product)).await.last().unwrap(),
        "reserve 0 1"
    );
    world.assert_ledger_adds_up().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_buyers_get_fifty_units() {
    let world = Arc::new(World::new().await);
    let product = Arc::new(world.product("A", 100, 50).await);
    let mut buyers = tokio::task::JoinSet::new();
    for _ in 0..500 {
        let (world, product) = (Arc::clone(&world), Arc::clone(&product));
        buyers.spawn(async move {
            // A full pool answers 503: the caller asks again, as order does.
            let order = world.order_id();
            loop {
                let answer = world.reserve(order, &[(variant(&product), 1)]).await;
                if answer.status != 503 {
                    return answer.status;
                }
            }
        });
    }
    let statuses = buyers.join_all().await;
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 50);
    assert_eq!(
        statuses.iter().filter(|status| **status == 409).count(),
        450
    );
    assert_eq!(world.level(variant(&product)).await, (50, 50));
    let held: i64 = sqlx::query_scalar("SELECT count(*) FROM reservations WHERE status = 'held'")
        .fetch_one(&world.pool)
        .await
        .unwrap();
    assert_eq!(held, 50);
    world.assert_ledger_adds_up().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_of_the_same_things_in_any_order_do_not_block_each_other() {
    let world = Arc::new(World::new().await);
    let products = [
        world.product("A", 1, 40).await,
        world.product("B", 1, 40).await,
        world.product("C", 1, 40).await,
    ];
    let variants: Arc<Vec<String>> = Arc::new(
        products
            .iter()
            .map(|product| variant(product).to_owned())
            .collect(),
    );
    let mut buyers = tokio::task::JoinSet::new();
    for number in 0..60_usize {
        let (world, variants) = (Arc::clone(&world), Arc::clone(&variants));
        buyers.spawn(async move {
            let order = world.order_id();
            let lines: Vec<(&str, i64)> = (0..3)
                .map(|line| (variants[(number + line * (1 + number % 2)) % 3].as_str(), 1))
                .collect();
            // Each call twice at once: the second waits for the first and gets its answer.
            let (one, two) =
                tokio::join!(world.reserve(order, &lines), world.reserve(order, &lines));
            assert_eq!(one.status, two.status, "{} {}", one.text(), two.text());
            if number % 3 == 0 && one.status == 200 {
                world
                    .order_service()
                    .post(&format!("/internal/reservations/{order}/commit"))
                    .expect(200)
                    .await;
            }
            one.status
        });
    }
    let statuses = buyers.join_all().await;
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 40);
    for variant in variants.iter() {
        let (on_hand, reserved) = world.level(variant).await;
        assert_eq!(on_hand, reserved, "everything is sold or held");
    }
    world.assert_ledger_adds_up().await;
}

#[tokio::test]
async fn variants_are_looked_up_in_one_statement() {
    let world = World::new().await;
    let (a, b) = (
        world.product("A", 100, 5).await,
        world.product("B", 200, 1).await,
    );
    let body = json!({"variant_ids": [variant(&a), "0190163d-8694-739b-aea5-966c26f8ad91"], "product_ids": [b["id"]]});
    let answer = world
        .order_service()
        .post("/internal/variants/lookup")
        .json(&body)
        .expect(200)
        .await;
    assert_eq!(answer.statement_count(), 1);
    let found = answer.value();
    let found: Vec<_> = found["variants"]
        .as_array()
        .unwrap()
        .iter()
        .map(|found| (&found["sku"], &found["available"], &found["active"]))
        .collect();
    assert_eq!(
        found,
        [
            (&json!("A"), &json!(5), &json!(true)),
            (&json!("B"), &json!(1), &json!(true))
        ]
    );
}
