//! What customers send back, and what cancelled orders do not give back.

use contracts::events::{OrderCancelled, OrderReturned, ReturnedLine};
use primitives::{OrderId, OrderItemId, ReturnId};
use serde_json::Value;
use testkit::eventually;

use crate::events::{cancelled, confirmed, settles};
use crate::world::{World, variant};

fn returned(
    world: &World,
    order: OrderId,
    id: ReturnId,
    lines: &[(&Value, i32, bool)],
) -> OrderReturned {
    let line = |(product, quantity, restock): &(&Value, i32, bool)| ReturnedLine {
        order_item_id: OrderItemId::new(world.clock.now(), &world.random),
        product_id: product["id"].as_str().unwrap().parse().unwrap(),
        variant_id: variant(product).parse().unwrap(),
        quantity: *quantity,
        condition: "opened".to_owned(),
        restock: *restock,
    };
    OrderReturned {
        order_id: order,
        number: "1000001".to_owned(),
        return_id: id,
        lines: lines.iter().map(line).collect(),
        complete: false,
    }
}

/// So many events have been applied.
async fn handled(world: &World, count: i64) {
    eventually("all are handled", async || {
        let handled: i64 = sqlx::query_scalar("SELECT count(*) FROM inbox")
            .fetch_one(&world.pool)
            .await
            .unwrap();
        (handled == count).then_some(())
    })
    .await;
}

async fn sold(world: &World, product: &Value, units: i32) -> OrderId {
    let order = world.order_id();
    let _ = world
        .reserve(order, &[(variant(product), units.into())])
        .await
        .expect(200);
    world
        .publish(&confirmed(world, order, None, &[(product, units)]))
        .await;
    settles(world, order, "committed").await;
    order
}

#[tokio::test]
async fn what_comes_back_is_on_the_shelf_once_and_what_is_broken_is_not() {
    let world = World::new().await;
    let running = world.with_broker().await;
    let (cup, pan) = (
        world.product("CUP", 100, 5).await,
        world.product("PAN", 100, 5).await,
    );
    let order = sold(&world, &cup, 3).await;
    let id = |_| ReturnId::new(world.clock.now(), &world.random);
    let (first, second) = (id(1), id(2));
    // The same return twice under different ids: the inbox does not know the second, the ledger does.
    for _ in 0..2 {
        world
            .publish(&returned(&world, order, first, &[(&cup, 1, true)]))
            .await;
    }
    world
        .publish(&returned(
            &world,
            order,
            second,
            &[(&cup, 1, true), (&pan, 1, false)],
        ))
        .await;
    handled(&world, 4).await;
    assert_eq!(world.level(variant(&cup)).await, (4, 0));
    assert_eq!(world.level(variant(&pan)).await, (5, 0));
    assert_eq!(
        world.ledger(variant(&cup)).await,
        [
            "receive 5 0",
            "reserve 0 3",
            "sell -3 -3",
            "return 1 0",
            "return 1 0"
        ]
    );
    world.assert_ledger_adds_up().await;
    running.stop().await;
}

#[tokio::test]
async fn a_cancelled_order_whose_goods_are_gone_gives_nothing_back() {
    let world = World::new().await;
    let running = world.with_broker().await;
    let product = world.product("CUP", 100, 5).await;
    let gone = |order| OrderCancelled {
        restock: Some(false),
        ..cancelled(order)
    };
    let order = sold(&world, &product, 2).await;
    for _ in 0..2 {
        world.publish(&gone(order)).await;
    }
    settles(&world, order, "released").await;
    handled(&world, 3).await;
    assert_eq!(world.level(variant(&product)).await, (3, 0));
    assert_eq!(
        world.ledger(variant(&product)).await,
        ["receive 5 0", "reserve 0 2", "sell -2 -2"]
    );

    // The cancellation overtook the confirmation: the units are gone all the same, and only once.
    let overtaken = world.order_id();
    let _ = world
        .reserve(overtaken, &[(variant(&product), 1)])
        .await
        .expect(200);
    world.publish(&gone(overtaken)).await;
    settles(&world, overtaken, "released").await;
    world
        .publish(&confirmed(&world, overtaken, None, &[(&product, 1)]))
        .await;
    handled(&world, 5).await;
    assert_eq!(world.level(variant(&product)).await, (2, 0));
    world.assert_ledger_adds_up().await;
    running.stop().await;
}
