//! Who counts as a buyer: what orders' events say, in whatever order they come.

use auth_token::Role;
use contracts::events::{OrderCancelled, OrderClaimed, OrderRefunded};
use primitives::{Currency, Money, OrderId, UserId};
use serde_json::{Value, json};
use testkit::eventually;

use crate::events::confirmed;
use crate::reviews::{at, of};
use crate::world::{Person, World, variant};

fn claimed(order: OrderId, user_id: UserId) -> OrderClaimed {
    OrderClaimed {
        order_id: order,
        number: "1000001".to_owned(),
        user_id,
    }
}

fn refunded(order: OrderId, fully: bool) -> OrderRefunded {
    OrderRefunded {
        order_id: order,
        number: "1000001".to_owned(),
        amount: Money::new(100, Currency::EUR),
        fully,
    }
}

fn cancelled(order: OrderId) -> OrderCancelled {
    OrderCancelled {
        order_id: order,
        number: "1000001".to_owned(),
        reason: "staff".to_owned(),
        restock: None,
    }
}

/// So many events have been applied.
async fn handled(world: &World, count: i64) {
    eventually(&format!("{count} events are handled"), async || {
        let handled: i64 = sqlx::query_scalar("SELECT count(*) FROM inbox")
            .fetch_one(&world.pool)
            .await
            .unwrap();
        (handled == count).then_some(())
    })
    .await;
}

async fn reserved(world: &World, product: &Value) -> OrderId {
    let order = world.order_id();
    let _ = world
        .reserve(order, &[(variant(product), 1)])
        .await
        .expect(200);
    order
}

/// What comes of the person's review of the product.
async fn writes(person: &Person, product: &Value) -> testkit::http::Answer {
    let review = json!({"rating": 5, "title": "Good", "body": "As described."});
    person.client.post(&of(product)).json(&review).send().await
}

#[tokio::test]
async fn whoever_claims_a_guests_order_may_review_what_it_bought() {
    let world = World::new().await;
    let running = world.with_broker().await;
    let product = world.product("A", 100, 9).await;
    let [before, after, never] = [(); 3].map(|()| world.person(Role::Customer));
    let order = reserved(&world, &product).await;
    world
        .publish(&confirmed(&world, order, None, &[(&product, 1)]))
        .await;
    handled(&world, 1).await;
    writes(&after, &product).await.problem(403, "not_a_buyer");
    for _ in 0..2 {
        world.publish(&claimed(order, after.id)).await;
    }
    handled(&world, 3).await;
    assert_eq!(writes(&after, &product).await.status, 201);

    // Of different kinds of events the later may come first.
    let order = reserved(&world, &product).await;
    world.publish(&claimed(order, before.id)).await;
    handled(&world, 4).await;
    writes(&before, &product).await.problem(403, "not_a_buyer");
    world
        .publish(&confirmed(&world, order, None, &[(&product, 1)]))
        .await;
    handled(&world, 5).await;
    assert_eq!(writes(&before, &product).await.status, 201);

    // What was cancelled was not bought.
    let order = reserved(&world, &product).await;
    world.publish(&cancelled(order)).await;
    handled(&world, 6).await;
    world.publish(&claimed(order, never.id)).await;
    handled(&world, 7).await;
    writes(&never, &product).await.problem(403, "not_a_buyer");
    running.stop().await;
}

#[tokio::test]
async fn whoever_got_the_money_back_keeps_what_they_wrote_without_the_mark() {
    let world = World::new().await;
    let running = world.with_broker().await;
    let product = world.product("A", 100, 9).await;
    let (buyer, late) = (world.person(Role::Customer), world.person(Role::Customer));
    let order = reserved(&world, &product).await;
    world
        .publish(&confirmed(&world, order, Some(buyer.id), &[(&product, 1)]))
        .await;
    handled(&world, 1).await;
    let written = writes(&buyer, &product).await.value();
    assert_eq!(written["verified_purchase"], true);

    world.publish(&refunded(order, false)).await;
    handled(&world, 2).await;
    let seen = async || world.guest().get(&at(&written)).expect(200).await.value();
    assert_eq!(seen().await["verified_purchase"], true, "only a part");
    for _ in 0..2 {
        world.publish(&refunded(order, true)).await;
    }
    handled(&world, 4).await;
    assert_eq!(seen().await["verified_purchase"], false);
    assert_eq!(seen().await["status"], "published");
    // Who buys it again has bought it.
    let again = reserved(&world, &product).await;
    world
        .publish(&confirmed(&world, again, Some(buyer.id), &[(&product, 1)]))
        .await;
    handled(&world, 5).await;
    assert_eq!(seen().await["verified_purchase"], true);
    world.publish(&cancelled(again)).await;
    handled(&world, 6).await;
    assert_eq!(seen().await["verified_purchase"], false);
    // A review that was taken back cannot be written again.
    buyer.client.delete(&at(&written)).expect(204).await;
    writes(&buyer, &product).await.problem(403, "not_a_buyer");

    // The money may go back before the confirmation has come.
    let order = reserved(&world, &product).await;
    world.publish(&refunded(order, true)).await;
    handled(&world, 7).await;
    world
        .publish(&confirmed(&world, order, Some(late.id), &[(&product, 1)]))
        .await;
    handled(&world, 8).await;
    writes(&late, &product).await.problem(403, "not_a_buyer");
    running.stop().await;
}
