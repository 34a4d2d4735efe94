//! Many at once who want the same: nothing is oversold, nobody is forgotten, nobody blocks anybody.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use auth_token::Role;
use primitives::{OrderId, Quantity, VariantId};
use product::Reservations;
use serde_json::json;
use sqlx::Connection as _;
use tokio::task::JoinSet;

use crate::world::{World, variant};

fn one() -> Quantity {
    Quantity::try_from(1).unwrap()
}

async fn held(world: &World) -> i64 {
    sqlx::query_scalar("SELECT coalesce(sum(quantity), 0) FROM reservation_lines")
        .fetch_one(&world.pool)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_processes_sell_a_hundred_units_to_three_hundred_buyers() {
    let world = World::new().await;
    let product = world.product("HOT", 100, 100).await;
    let id: VariantId = variant(&product).parse().unwrap();
    let mut buyers = JoinSet::new();
    // One of them serves each buyer alone.
    for at_once in [64, 16, 1] {
        let process = Reservations::new(world.db.pool().await, at_once);
        for _ in 0..100 {
            let process = process.clone();
            buyers.spawn(async move {
                let order = process.order();
                let first = process.reserve(order, id, one()).await.unwrap();
                // Whoever asks again is told the same.
                if first {
                    assert!(process.reserve(order, id, one()).await.unwrap());
                }
                first
            });
        }
    }
    let served = buyers.join_all().await;
    assert_eq!(served.iter().filter(|served| **served).count(), 100);
    assert_eq!(world.level(variant(&product)).await, (100, 100));
    assert_eq!(held(&world).await, 100);
    let low = world
        .events()
        .await
        .into_iter()
        .filter(|kind| kind == "inventory.low_stock")
        .count();
    assert_eq!(low, 1);
    world.assert_ledger_adds_up().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_who_wait_together_are_served_together() {
    let world = World::new().await;
    let product = world.product("HOT", 100, 500).await;
    let id: VariantId = variant(&product).parse().unwrap();
    let process = Reservations::new(world.db.pool().await, 64);
    // Somebody else holds the row: the first of this process waits for it, and the others for the first.
    let mut other = world.pool.acquire().await.unwrap();
    let mut lock = other.begin().await.unwrap();
    sqlx::query("SELECT FROM stock_levels WHERE variant_id = $1 FOR UPDATE")
        .bind(id.uuid())
        .execute(&mut *lock)
        .await
        .unwrap();
    let mut buyers = JoinSet::new();
    let orders: Vec<OrderId> = (0..60).map(|_| process.order()).collect();
    for order in &orders {
        let (process, order) = (process.clone(), *order);
        buyers.spawn(async move { process.reserve(order, id, one()).await.unwrap() });
    }
    // The first is at the row; whoever calls meanwhile queues. Some repeat an order of the queue, some give up.
    testkit::eventually("somebody waits for the row", async || {
        let waiting: i64 = sqlx::query_scalar("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype IN ('transactionid', 'tuple')")
            .fetch_one(&world.pool).await.unwrap();
        (waiting > 0).then_some(())
    })
    .await;
    let mut given_up = Vec::new();
    for order in orders.iter().take(20) {
        let (process, order) = (process.clone(), *order);
        buyers.spawn(async move { process.reserve(order, id, one()).await.unwrap() });
    }
    for _ in 0..20 {
        let (process, order) = (process.clone(), process.order());
        given_up.push(tokio::spawn(async move {
            process.reserve(order, id, one()).await
        }));
    }
    tokio::task::yield_now().await;
    for buyer in given_up {
        buyer.abort();
    }
    lock.rollback().await.unwrap();
    let served = buyers.join_all().await;
    assert!(
        served.iter().all(|served| *served),
        "nobody who waits is forgotten"
    );
    // Who gave up may hold something, as after any lost answer: it expires.
    let units = held(&world).await;
    assert!((60..=80).contains(&units), "{units}");
    // Sixty orders in a few transactions: those of one have the same.
    let transactions: i64 =
        sqlx::query_scalar("SELECT count(DISTINCT xmin::text) FROM reservations")
            .fetch_one(&world.pool)
            .await
            .unwrap();
    assert!(transactions <= 6, "{transactions}");
    world.assert_ledger_adds_up().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_that_fails_is_served_one_by_one() {
    let world = World::new().await;
    let product = world.product("HOT", 100, 500).await;
    let id: VariantId = variant(&product).parse().unwrap();
    let process = Reservations::new(world.db.pool().await, 64);
    let mut other = world.pool.acquire().await.unwrap();
    let mut lock = other.begin().await.unwrap();
    sqlx::query("SELECT FROM stock_levels WHERE variant_id = $1 FOR UPDATE")
        .bind(id.uuid())
        .execute(&mut *lock)
        .await
        .unwrap();
    let mut buyers = JoinSet::new();
    for _ in 0..30 {
        let process = process.clone();
        buyers.spawn(async move { process.reserve(process.order(), id, one()).await });
    }
    let mut root = sqlx::PgConnection::connect(&world.db.superuser_url())
        .await
        .unwrap();
    // The first is served alone, the others by the next transaction: both connections are cut, as when a server is replaced.
    let mut cut = 0;
    for _ in 0..2 {
        cut = loop {
            let waits = "SELECT coalesce(max(pid), 0) FROM pg_stat_activity \
                         WHERE wait_event_type = 'Lock' AND datname = current_database() AND pid <> $1";
            let found: i32 = sqlx::query_scalar(waits)
                .bind(cut)
                .fetch_one(&mut root)
                .await
                .unwrap();
            if found > 0 {
                break found;
            }
            tokio::task::yield_now().await;
        };
        sqlx::query("SELECT pg_terminate_backend($1)")
            .bind(cut)
            .execute(&mut root)
            .await
            .unwrap();
    }
    lock.rollback().await.unwrap();
    let served = buyers.join_all().await;
    let failed = served.iter().filter(|served| served.is_err()).count();
    // Only the one who was served alone when it happened hears of it.
    assert!(failed <= 1, "{served:?}");
    assert_eq!(held(&world).await, 30 - i64::try_from(failed).unwrap());
    world.assert_ledger_adds_up().await;
}

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_happens_at_once_the_ledger_adds_up_and_staff_hear_of_each_fall() {
    let world = Arc::new(World::new().await);
    let admin = world.person(Role::Admin).client;
    let place = json!({"code": "north", "name": "North"});
    let north = admin
        .post("/api/inventory/locations")
        .json(&place)
        .expect(201)
        .await
        .value()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut products = Vec::new();
    for sku in ["A", "B", "C"] {
        let product = world.product(sku, 1, 12).await;
        let path = format!("/api/products/{}/stock", product["id"].as_str().unwrap());
        let terms = json!({"low_stock_threshold": 4, "backorder": if sku == "C" { json!({"limit": 6}) } else { json!(null) }});
        admin
            .put(&format!("{path}/terms"))
            .json(&terms)
            .expect(200)
            .await;
        products.push((variant(&product).to_owned(), path));
    }
    let products = Arc::new(products);
    let mut people = JoinSet::new();
    for seed in 0..8 {
        let (world, products, north, admin) = (
            Arc::clone(&world),
            Arc::clone(&products),
            north.clone(),
            admin.clone(),
        );
        people.spawn(async move {
            let mut dice = Dice(seed);
            let mut orders: Vec<OrderId> = Vec::new();
            let home = "00000000-0000-7000-8000-000000000001".to_owned();
            for _ in 0..40 {
                let (variant, path) = &products[dice.roll(3) as usize];
                let at = if dice.roll(2) == 0 { &home } else { &north };
                let status = match dice.roll(10) {
                    0..=3 => {
                        let lines: Vec<(&str, i64)> = (0..=dice.roll(3))
                            .map(|_| (products[dice.roll(3) as usize].0.as_str(), 1 + dice.roll(3) as i64))
                            .collect();
                        let order = world.order_id();
                        orders.push(order);
                        world.reserve(order, &lines).await.status
                    }
                    4..=6 if !orders.is_empty() => {
                        let order = orders[dice.roll(orders.len() as u64) as usize];
                        let fate = if dice.roll(3) == 0 { "release" } else { "commit" };
                        world.order_service().post(&format!("/internal/reservations/{order}/{fate}")).send().await.status
                    }
                    7 => {
                        let other = if *at == home { &north } else { &home };
                        let body = json!({"variant_id": variant, "from": at, "to": other, "quantity": 1 + dice.roll(4)});
                        admin.post("/api/inventory/transfers").json(&body).send().await.status
                    }
                    8 => {
                        world.app.expire_holds().await.unwrap();
                        200
                    }
                    _ => {
                        let units = dice.roll(9) as i64 - 2;
                        let body = json!({"delta": units, "reason": "test", "location_id": at});
                        admin.put(path).json(&body).send().await.status
                    }
                };
                assert!([200, 201, 401, 404, 409, 422, 503].contains(&status), "{status}");
                // So that holds end; a service's token may be too old by then, which changes nothing.
                if seed == 0 {
                    world.clock.advance(Duration::from_secs(60));
                }
            }
        });
    }
    while let Some(done) = people.join_next().await {
        done.unwrap();
    }
    world.assert_ledger_adds_up().await;
    let wrong: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM stock_levels s LEFT JOIN LATERAL (
           SELECT coalesce(sum(quantity - owed) FILTER (WHERE status = 'held'), 0) AS held, coalesce(sum(owed), 0) AS owed,
                  coalesce(sum(owed) FILTER (WHERE status = 'committed'), 0) AS due
             FROM reservation_lines l JOIN reservations r USING (order_id)
            WHERE l.variant_id = s.variant_id AND l.location_id = s.location_id) l ON true
          WHERE s.reserved <> l.held OR s.owed <> l.owed
             OR (l.due > 0 AND EXISTS (SELECT FROM stock_levels o WHERE o.variant_id = s.variant_id AND o.on_hand > o.reserved))",
    ).fetch_one(&world.pool).await.unwrap();
    assert_eq!(
        wrong, 0,
        "what is reserved is held, what is owed is waited for, and nobody who paid waits while something is free"
    );

    // Each transaction's rows of a variant follow one another in the ledger: what was available after each is told by them.
    let rows: Vec<(String, String, i64)> = sqlx::query_as(
        "SELECT variant_id::text, xmin::text, (on_hand_delta - reserved_delta - owed_delta)::bigint FROM stock_movements ORDER BY variant_id, seq",
    ).fetch_all(&world.pool).await.unwrap();
    let mut sums = BTreeMap::<(String, usize), (String, i64)>::new();
    let (mut at, mut net) = (0, BTreeMap::<String, i64>::new());
    for (variant, transaction, delta) in rows {
        let so_far = net.entry(variant.clone()).or_default();
        *so_far += delta;
        let same = sums
            .get(&(variant.clone(), at))
            .is_some_and(|(last, _)| *last == transaction);
        at += usize::from(!same);
        sums.insert((variant, at), (transaction, (*so_far).max(0)));
    }
    let (mut falls, mut before) = (
        BTreeMap::<String, i64>::new(),
        BTreeMap::<String, i64>::new(),
    );
    for ((variant, _), (_, available)) in sums {
        // The first goods came under the default threshold, but far above it.
        let was = before.insert(variant.clone(), available).unwrap_or(0);
        *falls.entry(variant).or_default() += i64::from(was > 4 && available <= 4);
    }
    for (variant, _) in products.iter() {
        let told: i64 = sqlx::query_scalar("SELECT count(*) FROM outbox WHERE event_type = 'inventory.low_stock' AND aggregate = 'variant:' || $1")
            .bind(variant).fetch_one(&world.pool).await.unwrap();
        assert_eq!(
            told,
            falls.get(variant).copied().unwrap_or_default(),
            "staff hear once of each fall"
        );
    }
}
