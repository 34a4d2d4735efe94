//! Guests' carts in Redis: nothing is lost, nothing is doubled, whatever happens at the same time or in between.

use std::collections::BTreeMap;

use auth_token::Role;
use primitives::{CartItemId, Clock, Random, VariantId};
use redis::AsyncCommands as _;
use redis::aio::MultiplexedConnection;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use testkit::http::Request;
use testkit::{Fault, TcpProxy, eventually};

use crate::shop::{Person, Shop, id};

/// Redis as the service uses it.
struct Store {
    redis: MultiplexedConnection,
    prefix: String,
}

impl Store {
    async fn of(shop: &Shop) -> Self {
        let client = redis::Client::open(testkit::env::var("REDIS_URL")).unwrap();
        Self {
            redis: client.get_multiplexed_async_connection().await.unwrap(),
            prefix: shop.guest_prefix.clone(),
        }
    }

    fn key(&self, token: &str) -> String {
        let hash: String = Sha256::digest(token)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        format!("{{{}}}:cart:{hash}", self.prefix)
    }

    async fn dump(&mut self, token: &str) -> Vec<u8> {
        redis::cmd("DUMP")
            .arg(self.key(token))
            .query_async(&mut self.redis)
            .await
            .unwrap()
    }

    /// As if Redis had lost what came after the dump.
    async fn restore(&mut self, token: &str, dump: &[u8]) {
        redis::cmd("RESTORE")
            .arg(self.key(token))
            .arg(0)
            .arg(dump)
            .arg("REPLACE")
            .query_async::<()>(&mut self.redis)
            .await
            .unwrap();
    }
}

fn add(shop: &Shop, token: &str, variant: VariantId, quantity: i32) -> Request {
    shop.client
        .post("/api/cart")
        .header("x-cart-token", token)
        .json(&json!({"variant_id": variant, "quantity": quantity}))
}

fn read(shop: &Shop, token: &str) -> Request {
    shop.client.get("/api/cart").header("x-cart-token", token)
}

fn read_as(shop: &Shop, person: &Person, token: &str) -> Request {
    read(shop, token).bearer(&person.token)
}

fn quantities(cart: &Value) -> BTreeMap<String, i64> {
    let items = cart["items"].as_array().unwrap();
    let quantity = |item: &Value| item["quantity"].as_i64().unwrap();
    let variant = |item: &Value| item["variant_id"].as_str().unwrap().to_owned();
    items.iter().map(|i| (variant(i), quantity(i))).collect()
}

#[tokio::test]
async fn a_guests_cart_is_kept_for_thirty_days_after_its_last_use_and_only_in_redis() {
    let shop = Shop::open().await;
    let mut store = Store::of(&shop).await;
    let variant = shop.peer.sell(100, 9);
    let token = shop.guest_cart(variant, 1).await;
    assert_eq!(shop.count("carts").await, 0);
    let key = store.key(&token);
    assert!(!key.contains(&token), "the token itself is kept nowhere");
    let days = |seconds: i64| seconds as f64 / 86400.0;
    assert!((29.9..=30.0).contains(&days(store.redis.ttl(&key).await.unwrap())));

    let _: bool = store.redis.expire(&key, 60).await.unwrap();
    let answer = read(&shop, &token).expect(200).await;
    assert!((29.9..=30.0).contains(&days(store.redis.ttl(&key).await.unwrap())));
    assert!(answer.statement_count() <= 3);

    // Tokens differ in all of their 43 characters, and one that nobody was given opens nothing.
    let other = shop.guest_cart(variant, 1).await;
    assert_ne!(token, other);
    let guess = read(&shop, &"A".repeat(43)).expect(200).await;
    assert_eq!(guess.value()["id"], Value::Null);
}

#[tokio::test]
async fn concurrent_adds_of_a_guest_lose_nothing() {
    let shop = Shop::open().await;
    let variants: Vec<_> = (0..5).map(|_| shop.peer.sell(100, 1000)).collect();
    let token = shop.guest_cart(variants[0], 2).await;
    let adds = (0..40).map(|n| add(&shop, &token, variants[n % 5], 2).expect(200));
    let _ = futures::future::join_all(adds).await;
    let cart = read(&shop, &token).expect(200).await.value();
    let mut counted: Vec<i64> = quantities(&cart).into_values().collect();
    counted.sort_unstable();
    assert_eq!(counted, [16, 16, 16, 16, 18]);
    assert_eq!(cart["version"], 41);
}

#[tokio::test]
async fn a_repeated_addition_adds_once() {
    let shop = Shop::open().await;
    let (a, b) = (shop.peer.sell(100, 99), shop.peer.sell(100, 99));
    let person = shop.person(Role::Customer);
    let token = shop.guest_cart(a, 1).await;
    let _ = shop.add(&person, a, 1).await;
    for signed_in in [false, true] {
        let request = |variant: VariantId| {
            let request = shop
                .client
                .post("/api/cart")
                .header("idempotency-key", "k1");
            let request = if signed_in {
                request.bearer(&person.token)
            } else {
                request.header("x-cart-token", &token)
            };
            request.json(&json!({"variant_id": variant, "quantity": 3}))
        };
        let same = (0..6).map(|_| request(b).expect(200));
        let answers = futures::future::join_all(same).await;
        for cart in answers {
            assert_eq!(quantities(&cart.value())[&b.to_string()], 3);
        }
        request(a)
            .send()
            .await
            .problem(422, "idempotency_key_reused");
    }
    // The key is known also after the guest's cart moved.
    shop.peer.world().variants.get_mut(&b).unwrap().available = 0;
    shop.order_as_guest(&token)
        .send()
        .await
        .problem(409, "insufficient_stock");
    assert_eq!(shop.count("carts WHERE token_hash IS NOT NULL").await, 1);
    let again = add(&shop, &token, b, 3).header("idempotency-key", "k1");
    let cart = again.expect(200).await.value();
    assert_eq!(quantities(&cart)[&b.to_string()], 3);
}

#[tokio::test]
async fn what_a_guest_adds_while_it_is_merged_is_in_one_of_the_carts() {
    let shop = Shop::open().await;
    let (a, b) = (shop.peer.sell(100, 999), shop.peer.sell(200, 999));
    for _ in 0..4 {
        let person = shop.person(Role::Customer);
        let token = shop.guest_cart(a, 1).await;
        let adds = futures::future::join_all((0..8).map(|_| add(&shop, &token, b, 1).expect(200)));
        let merges =
            futures::future::join_all((0..4).map(|_| read_as(&shop, &person, &token).expect(200)));
        let (adds, _) = tokio::join!(adds, merges);
        let mut found = quantities(&read_as(&shop, &person, &token).expect(200).await.value());
        // Who came too late got a new cart under a new token.
        let mut tokens: Vec<_> = adds.iter().map(|a| a.header("x-cart-token")).collect();
        tokens.sort_unstable();
        tokens.dedup();
        for new in tokens.into_iter().filter(|new| *new != token) {
            for (variant, count) in quantities(&read(&shop, new).expect(200).await.value()) {
                *found.entry(variant).or_default() += count;
            }
        }
        assert_eq!(found[&a.to_string()], 1);
        assert_eq!(found[&b.to_string()], 8);
    }
}

#[tokio::test]
async fn a_move_that_was_interrupted_is_finished_once() {
    let shop = Shop::open().await;
    let mut store = Store::of(&shop).await;
    let variant = shop.peer.sell(100, 999);

    // It died after sealing. Whoever comes next finishes: the guest, and then the user.
    let token = shop.guest_cart(variant, 2).await;
    let _: i64 = store
        .redis
        .hset(store.key(&token), "sealed", 1)
        .await
        .unwrap();
    let cart = read(&shop, &token).expect(200).await.value();
    assert_eq!(quantities(&cart)[&variant.to_string()], 2);
    assert_eq!(shop.count("carts").await, 1);
    let exists: bool = store.redis.exists(store.key(&token)).await.unwrap();
    assert!(!exists, "it is where it moved to");
    let person = shop.person(Role::Customer);
    let cart = read_as(&shop, &person, &token).expect(200).await.value();
    assert_eq!(quantities(&cart)[&variant.to_string()], 2);

    // It died after the database had it, or Redis lost its last second: merged once all the same.
    let person = shop.person(Role::Customer);
    let token = shop.guest_cart(variant, 3).await;
    let before = store.dump(&token).await;
    for _ in 0..3 {
        let cart = read_as(&shop, &person, &token).expect(200).await.value();
        assert_eq!(quantities(&cart)[&variant.to_string()], 3);
        store.restore(&token, &before).await;
    }
}

#[tokio::test]
async fn a_guests_cart_becomes_one_order_even_if_redis_shows_it_again() {
    let shop = Shop::open().await;
    let mut store = Store::of(&shop).await;
    let variant = shop.peer.sell(100, 999);
    let token = shop.guest_cart(variant, 2).await;
    let before = store.dump(&token).await;
    let orders = (0..12).map(|_| {
        let order = shop.order_as_guest(&token).header("idempotency-key", "k");
        async move {
            let answer = order.send().await;
            assert_eq!(answer.status, 201, "{}", answer.text());
            id(&answer.value())
        }
    });
    let mut ids = futures::future::join_all(orders).await;
    ids.dedup();
    assert_eq!(ids.len(), 1);

    store.restore(&token, &before).await;
    let again = shop.order_as_guest(&token).send().await;
    assert_eq!(again.status, 409, "{}", again.text());
    let same = shop.order_as_guest(&token).header("idempotency-key", "k");
    assert_eq!(id(&same.expect(201).await.value()), ids[0]);
    assert_eq!(shop.count("orders").await, 1);
    assert_eq!(shop.peer.available(variant), 997);

    // The token opens nothing any more.
    let empty = read(&shop, &token).expect(200).await.value();
    assert_eq!(empty["items"], json!([]));
}

#[tokio::test]
async fn guests_carts_from_before_redis_keep_working() {
    let shop = Shop::open().await;
    let variant = shop.peer.sell(100, 999);
    for signed_in in [false, true] {
        let token = if signed_in { "B" } else { "A" }.repeat(43);
        sqlx::query(
            "WITH cart AS (INSERT INTO carts (id, token_hash) VALUES (gen_random_uuid(), $1) RETURNING id)
             INSERT INTO cart_items (id, cart_id, product_id, variant_id, quantity)
             SELECT gen_random_uuid(), id, gen_random_uuid(), $2, 3 FROM cart",
        )
        .bind(Sha256::digest(&token).to_vec())
        .bind(variant.uuid())
        .execute(&shop.pool)
        .await
        .unwrap();
        if signed_in {
            let person = shop.person(Role::Customer);
            let cart = read_as(&shop, &person, &token).expect(200).await.value();
            assert_eq!(quantities(&cart)[&variant.to_string()], 3);
        } else {
            let cart = add(&shop, &token, variant, 1).expect(200).await.value();
            assert_eq!(quantities(&cart)[&variant.to_string()], 4);
            let order = shop.order_as_guest(&token).expect(201).await.value();
            assert_eq!(order["items"][0]["quantity"], 4);
        }
    }
}

#[tokio::test]
async fn without_redis_users_shop_on_and_guests_are_told() {
    let mut url: reqwest::Url = testkit::env::var("REDIS_URL").parse().unwrap();
    let proxy = TcpProxy::start(format!("127.0.0.1:{}", url.port().unwrap())).await;
    url.set_port(Some(proxy.addr().port())).unwrap();
    let shop = Shop::with_redis(url.as_str()).await;
    let variant = shop.peer.sell(100, 999);
    let (person, token) = (
        shop.person(Role::Customer),
        shop.guest_cart(variant, 2).await,
    );
    for fault in [Fault::Refuse, Fault::Stall] {
        proxy.set(fault);
        read(&shop, &token).send().await.problem(503, "unavailable");
        add(&shop, &token, variant, 1)
            .send()
            .await
            .problem(503, "unavailable");
        let _ = shop.add(&person, variant, 1).await;
        let _ = read_as(&shop, &person, &token).expect(200).await;
    }
    proxy.set(Fault::Pass);
    let cart = eventually("Redis is back", async || {
        let answer = read_as(&shop, &person, &token).expect(200).await.value();
        (quantities(&answer)[&variant.to_string()] == 4).then_some(answer)
    })
    .await;
    assert_eq!(cart["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_cart_says_what_is_not_as_it_was() {
    let shop = Shop::open().await;
    let [dear, rare, gone, old] = [500, 600, 700, 800].map(|price| shop.peer.sell(price, 10));
    let person = shop.person(Role::Customer);
    let token = shop.guest_cart(dear, 1).await;
    for variant in [rare, gone, old] {
        let _ = add(&shop, &token, variant, 2).expect(200).await;
        let _ = shop.add(&person, variant, 2).await;
    }
    let fresh = shop.add(&person, dear, 1).await.value();
    assert_eq!(fresh["notices"], json!([]));
    {
        let mut world = shop.peer.world();
        world.variants.get_mut(&dear).unwrap().price =
            primitives::Money::new(550, primitives::Currency::EUR);
        world.variants.get_mut(&rare).unwrap().available = 1;
        world.variants.get_mut(&gone).unwrap().available = 0;
        world.variants.get_mut(&old).unwrap().active = false;
    }
    let as_guest = || read(&shop, &token);
    let as_user = || shop.client.get("/api/cart").bearer(&person.token);
    for cart in [
        as_guest().expect(200).await.value(),
        as_user().expect(200).await.value(),
    ] {
        let notices = cart["notices"].as_array().unwrap();
        let item_of = |variant: VariantId| {
            let items = cart["items"].as_array().unwrap();
            let mut items = items.iter();
            items.find(|i| i["variant_id"] == json!(variant)).unwrap()["id"].clone()
        };
        let about = |variant| {
            let item = item_of(variant);
            notices.iter().find(|n| n["item_id"] == item).unwrap()
        };
        assert_eq!(notices.len(), 4, "{notices:?}");
        assert_eq!(about(dear)["code"], "price_changed");
        assert_eq!(about(dear)["price_before"]["amount"], 500);
        assert_eq!(about(dear)["price"]["amount"], 550);
        assert_eq!(about(rare)["code"], "insufficient_stock");
        assert_eq!(about(rare)["available"], 1);
        assert_eq!(about(gone)["code"], "out_of_stock");
        assert_eq!(about(old)["code"], "no_longer_sold");
    }
    // Who accepts the new prices is not told again; reading alone accepts nothing.
    let accept = || shop.client.delete("/api/cart/notices");
    for accept in [
        accept().header("x-cart-token", &token),
        accept().bearer(&person.token),
    ] {
        let cart = accept.expect(200).await.value();
        let codes: Vec<_> = cart["notices"].as_array().unwrap().iter().collect();
        assert_eq!(codes.len(), 3, "{codes:?}");
        assert!(codes.iter().all(|n| n["code"] != "price_changed"));
    }
}

#[tokio::test]
async fn a_merge_loses_no_line_and_says_where_units_are_left_out() {
    let shop = Shop::open().await;
    let variant = shop.peer.sell(100, 9);
    let person = shop.person(Role::Customer);
    let token = shop.guest_cart(variant, 6000).await;
    let _ = shop.add(&person, variant, 6000).await;
    let cart = read_as(&shop, &person, &token).expect(200).await.value();
    assert_eq!(cart["items"][0]["quantity"], 9999);
    let codes: Vec<_> = cart["notices"]
        .as_array()
        .unwrap()
        .iter()
        .map(|notice| notice["code"].clone())
        .collect();
    assert_eq!(codes, ["insufficient_stock", "quantity_reduced"]);
}

/// The 1 and 1,000 lines: a cart takes 500, and two that become one have 1,000.
#[tokio::test]
async fn carts_take_the_same_statements_and_calls_at_1_500_and_1000_lines() {
    let shop = Shop::open().await;
    let person = shop.person(Role::Customer);
    let variants: Vec<_> = (0..1000).map(|_| shop.peer.sell(100, 10)).collect();
    let token = shop.guest_cart(variants[0], 1).await;
    let guest = read(&shop, &token).expect(200).await.statement_count();
    let _ = shop.add(&person, variants[500], 1).await;
    let as_user = || shop.client.get("/api/cart").bearer(&person.token);
    let user = as_user().expect(200).await.statement_count();
    // As if they had been added one by one, which would take minutes.
    let mut store = Store::of(&shop).await;
    let key = store.key(&token);
    let mut pipe = redis::pipe();
    for variant in &variants[1..500] {
        let line = CartItemId::new(Clock::system().now(), &Random::system());
        pipe.hset(&key, format!("i:{variant}"), line.to_string());
        pipe.hset(&key, format!("p:{variant}"), variant.to_string());
        pipe.hset(&key, format!("q:{variant}"), 1);
        pipe.hincr(&key, "lines", 1);
    }
    let _: () = pipe.query_async(&mut store.redis).await.unwrap();
    let rest: Vec<_> = variants[501..].iter().map(|v| v.uuid()).collect();
    sqlx::query(
        "INSERT INTO cart_items (id, cart_id, product_id, variant_id, quantity)
         SELECT gen_random_uuid(), carts.id, v, v, 1 FROM carts, unnest($1::uuid[]) AS v",
    )
    .bind(&rest)
    .execute(&shop.pool)
    .await
    .unwrap();
    add(&shop, &token, variants[500], 1)
        .send()
        .await
        .problem(409, "cart_full");
    assert_eq!(
        read(&shop, &token).expect(200).await.statement_count(),
        guest
    );
    assert_eq!(as_user().expect(200).await.statement_count(), user);

    let lookups = shop.peer.world().lookups;
    let merged = read_as(&shop, &person, &token).expect(200).await;
    assert_eq!(quantities(&merged.value()).len(), 1000);
    assert!(
        merged.statement_count() <= user + 12,
        "{} statements to merge",
        merged.statement_count()
    );
    assert_eq!(shop.peer.world().lookups, lookups + 1);
    assert_eq!(as_user().expect(200).await.statement_count(), user);
    let order = shop.order_as(&person).expect(201).await;
    assert_eq!(order.value()["items"].as_array().unwrap().len(), 1000);
    assert!(
        order.statement_count() <= 20,
        "{} statements to order",
        order.statement_count()
    );
}

#[tokio::test]
async fn changed_and_abandoned_carts_are_told_of_once() {
    let shop = Shop::open().await;
    let mut store = Store::of(&shop).await;
    let variant = shop.peer.sell(100, 99);
    let person = shop.person(Role::Customer);
    let token = shop.guest_cart(variant, 1).await;
    let _ = add(&shop, &token, variant, 1).expect(200).await;
    let _ = shop.add(&person, variant, 3).await;
    let told = async || {
        order::reconcile(&shop.app).await;
        let updated = shop.events("cart.updated").await;
        (updated, shop.events("cart.abandoned").await)
    };
    for _ in 0..2 {
        let (updated, abandoned) = told().await;
        assert_eq!((updated.len(), abandoned.len()), (2, 0));
        let mut units: Vec<_> = updated
            .iter()
            .map(|e| e["lines"][0]["quantity"].as_i64().unwrap())
            .collect();
        units.sort_unstable();
        assert_eq!(units, [2, 3]);
        let users: Vec<_> = updated
            .iter()
            .filter(|e| e["user_id"].is_string())
            .collect();
        assert_eq!(users.len(), 1);
    }

    // Hours later.
    sqlx::query("UPDATE carts SET updated_at = updated_at - interval '5 hours'")
        .execute(&shop.pool)
        .await
        .unwrap();
    let (idle, key) = (format!("{{{}}}:idle", store.prefix), store.key(&token));
    for _ in 0..2 {
        let _: i64 = store.redis.zadd(&idle, &key, 1).await.unwrap();
        let (updated, abandoned) = told().await;
        assert_eq!((updated.len(), abandoned.len()), (2, 2), "told once each");
        assert_eq!(abandoned[0]["lines"][0]["variant_id"], json!(variant));
    }

    // Who comes back and leaves again is told of again.
    let _ = add(&shop, &token, variant, 1).expect(200).await;
    let _: i64 = store.redis.zadd(&idle, &key, 1).await.unwrap();
    let (updated, abandoned) = told().await;
    assert_eq!((updated.len(), abandoned.len()), (3, 3));
}

#[tokio::test]
async fn guests_carts_in_the_database_are_forgotten_after_thirty_days() {
    let shop = Shop::open().await;
    let (variant, person) = (shop.peer.sell(100, 1), shop.person(Role::Customer));
    for _ in 0..2 {
        let token = shop.guest_cart(variant, 2).await;
        shop.order_as_guest(&token)
            .send()
            .await
            .problem(409, "insufficient_stock");
    }
    let _ = shop.add(&person, variant, 1).await;
    sqlx::query("UPDATE carts SET updated_at = now() - interval '31 days' WHERE id <> (SELECT id FROM carts WHERE user_id IS NULL LIMIT 1)")
        .execute(&shop.pool)
        .await
        .unwrap();
    order::reconcile(&shop.app).await;
    assert_eq!(shop.count("carts WHERE user_id IS NULL").await, 1);
    assert_eq!(shop.count("carts WHERE user_id IS NOT NULL").await, 1);
}
