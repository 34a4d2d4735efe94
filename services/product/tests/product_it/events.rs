//! What product does about orders, through a real broker.

use std::time::Duration;

use auth_token::Role;
use contracts::events::{OrderCancelled, OrderConfirmed, OrderLine, UserDeleted};
use primitives::{Currency, Money, OrderId, OrderItemId, UserId};
use serde_json::{Value, json};
use testkit::eventually;

use crate::world::{World, variant};

pub(crate) fn confirmed(
    world: &World,
    order: OrderId,
    user: Option<UserId>,
    lines: &[(&Value, i32)],
) -> OrderConfirmed {
    let line = |(product, quantity): &(&Value, i32)| OrderLine {
        order_item_id: OrderItemId::new(world.clock.now(), &world.random),
        product_id: product["id"].as_str().unwrap().parse().unwrap(),
        variant_id: variant(product).parse().unwrap(),
        sku: product["variants"][0]["sku"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap(),
        title: product["title"].as_str().unwrap().to_owned(),
        quantity: *quantity,
        total: Money::new(100, Currency::EUR),
    };
    OrderConfirmed {
        order_id: order,
        number: "1000001".to_owned(),
        user_id: user,
        email: "anna@example.com".parse().unwrap(),
        lines: lines.iter().map(line).collect(),
        total: Money::new(100, Currency::EUR),
        payment_id: None,
    }
}

pub(crate) fn cancelled(order: OrderId) -> OrderCancelled {
    OrderCancelled {
        order_id: order,
        number: "1000001".to_owned(),
        reason: "customer".to_owned(),
        restock: None,
    }
}

/// How long something may take that goes through the broker, on a crowded machine.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) async fn settles(world: &World, order: OrderId, status: &str) {
    testkit::eventually_within(PATIENCE, &format!("{order} is {status}"), async || {
        (world.hold(order).await.as_deref() == Some(status)).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_confirmed_order_is_sold_once_and_its_buyer_known() {
    let world = World::new().await;
    let running = world.with_broker().await;
    let product = world.product("A", 100, 5).await;
    let (order, buyer) = (world.order_id(), world.person(Role::Customer));
    let _ = world
        .reserve(order, &[(variant(&product), 2)])
        .await
        .expect(200);
    // The same news twice under different ids: the inbox does not know the second, the state does.
    for _ in 0..2 {
        world
            .publish(&confirmed(&world, order, Some(buyer.id), &[(&product, 2)]))
            .await;
    }
    settles(&world, order, "committed").await;
    eventually("both are handled", async || {
        let handled: i64 = sqlx::query_scalar("SELECT count(*) FROM inbox")
            .fetch_one(&world.pool)
            .await
            .unwrap();
        (handled == 2).then_some(())
    })
    .await;
    assert_eq!(world.level(variant(&product)).await, (3, 0));
    let (bought, sold): (i64, i64) =
        sqlx::query_as("SELECT (SELECT sum(quantity) FROM purchases WHERE user_id = $1), (SELECT sum(sold_count)::bigint FROM products)")
            .bind(buyer.id.uuid())
            .fetch_one(&world.pool)
            .await
            .unwrap();
    assert_eq!((bought, sold), (2, 2));

    world.publish(&cancelled(order)).await;
    settles(&world, order, "released").await;
    assert_eq!(world.level(variant(&product)).await, (5, 0));
    let purchases: i64 = sqlx::query_scalar("SELECT count(*) FROM purchases")
        .fetch_one(&world.pool)
        .await
        .unwrap();
    assert_eq!(purchases, 0);
    world.assert_ledger_adds_up().await;
    running.stop().await;
}

#[tokio::test]
async fn a_cancelled_order_gives_back_and_a_late_confirmation_takes_nothing() {
    let world = World::new().await;
    let running = world.with_broker().await;
    let product = world.product("A", 100, 5).await;
    let order = world.order_id();
    let _ = world
        .reserve(order, &[(variant(&product), 2)])
        .await
        .expect(200);
    world.publish(&cancelled(order)).await;
    settles(&world, order, "released").await;
    world
        .publish(&confirmed(&world, order, None, &[(&product, 2)]))
        .await;
    // Cancelled before anything was known of it.
    let unknown = world.order_id();
    world.publish(&cancelled(unknown)).await;
    settles(&world, unknown, "released").await;
    world
        .publish(&confirmed(&world, unknown, None, &[(&product, 2)]))
        .await;
    eventually("all are handled", async || {
        let handled: i64 = sqlx::query_scalar("SELECT count(*) FROM inbox")
            .fetch_one(&world.pool)
            .await
            .unwrap();
        (handled == 4).then_some(())
    })
    .await;
    assert_eq!(world.level(variant(&product)).await, (5, 0));
    assert_eq!(
        world.ledger(variant(&product)).await,
        ["receive 5 0", "reserve 0 2", "release 0 -2"]
    );
    world.assert_ledger_adds_up().await;
    running.stop().await;
}

#[tokio::test]
async fn a_confirmation_after_expiry_takes_again_or_rejects() {
    let world = World::new().await;
    let product = world.product("A", 100, 3).await;
    let (lucky, unlucky) = (world.order_id(), world.order_id());
    let _ = world
        .reserve(lucky, &[(variant(&product), 2)])
        .await
        .expect(200);
    world.clock.advance(Duration::from_secs(1801));
    assert_eq!(world.app.expire_holds().await.unwrap(), 1);
    let running = world.with_broker().await;
    world
        .publish(&confirmed(&world, lucky, None, &[(&product, 2)]))
        .await;
    settles(&world, lucky, "committed").await;
    assert_eq!(world.level(variant(&product)).await, (1, 0));
    running.stop().await;

    // Without the relay, so that what it writes stays to be read. This order is not known at all.
    world
        .publish(&confirmed(
            &world,
            unlucky,
            None,
            &[(&product, 1), (&product, 1)],
        ))
        .await;
    let running = world.with_broker().await;
    settles(&world, unlucky, "rejected").await;
    running.stop().await;
    assert_eq!(world.level(variant(&product)).await, (1, 0));
    world.assert_ledger_adds_up().await;
    // A rejected order stays so.
    let answer = world
        .order_service()
        .post(&format!("/internal/reservations/{unlucky}/commit"))
        .send()
        .await;
    assert_eq!(
        answer.problem(409, "reservation_closed")["status"],
        json!("rejected")
    );
}

#[tokio::test]
async fn a_deleted_account_leaves_the_catalogue() {
    let world = World::new().await;
    let running = world.with_broker().await;
    let (seller, buyer) = (world.person(Role::Seller), world.person(Role::Customer));
    let product = world.product("A", 100, 5).await;
    let id: uuid::Uuid = product["id"].as_str().unwrap().parse().unwrap();
    sqlx::query("UPDATE products SET seller_id = $2 WHERE id = $1")
        .bind(id)
        .bind(seller.id.uuid())
        .execute(&world.pool)
        .await
        .unwrap();
    let order = world.order_id();
    let _ = world
        .reserve(order, &[(variant(&product), 1)])
        .await
        .expect(200);
    world
        .publish(&confirmed(&world, order, Some(buyer.id), &[(&product, 1)]))
        .await;
    settles(&world, order, "committed").await;
    let reviews = format!("/api/products/{id}/reviews");
    let review = json!({"rating": 5, "title": "Good", "body": "As described."});
    let _ = buyer.client.post(&reviews).json(&review).expect(201).await;

    for user_id in [buyer.id, seller.id, buyer.id] {
        world.publish(&UserDeleted { user_id }).await;
    }
    eventually("all are handled", async || {
        let handled: i64 = sqlx::query_scalar("SELECT count(*) FROM inbox")
            .fetch_one(&world.pool)
            .await
            .unwrap();
        (handled == 4).then_some(())
    })
    .await;
    let (authors, bought, status): (Vec<String>, i64, String) = sqlx::query_as(
        "SELECT (SELECT array_agg(author_name) FROM reviews), (SELECT count(*) FROM purchases), (SELECT status FROM products)",
    )
    .fetch_one(&world.pool)
    .await
    .unwrap();
    assert_eq!(authors, ["Deleted account"]);
    assert_eq!((bought, status.as_str()), (0, "archived"));
    let path = format!("/api/products/{id}");
    world
        .guest()
        .get(&path)
        .send()
        .await
        .problem(404, "not_found");
    running.stop().await;
}
