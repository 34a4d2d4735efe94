//! What goes with what, and for whom.

use std::collections::BTreeMap;
use std::time::Duration;

use auth_token::Role;
use contracts::events::UserDeleted;
use primitives::{OrderId, UserId};
use serde_json::{Value, json};
use testkit::eventually;
use testkit::http::Client;

use crate::events::{cancelled, confirmed, settles};
use crate::world::{Running, World, keys, variant};

fn id(product: &Value) -> &str {
    product["id"].as_str().unwrap()
}

fn titles(list: &Value) -> Vec<&str> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|item| item["title"].as_str().unwrap())
        .collect()
}

/// One unit of each, ordered and paid for.
async fn buy(world: &World, user: Option<UserId>, products: &[&Value]) -> OrderId {
    let order = world.order_id();
    let lines: Vec<(&str, i64)> = products
        .iter()
        .map(|product| (variant(product), 1))
        .collect();
    let _ = world.reserve(order, &lines).await.expect(200);
    let lines: Vec<(&Value, i32)> = products.iter().map(|product| (*product, 1)).collect();
    world.publish(&confirmed(world, order, user, &lines)).await;
    settles(world, order, "committed").await;
    order
}

async fn of(world: &World, product: &Value) -> Value {
    let path = format!("/api/products/{}/recommendations", id(product));
    let answer = world.guest().get(&path).expect(200).await;
    assert!(
        answer.statement_count() <= 2,
        "{}",
        answer.statement_count()
    );
    answer.value()
}

async fn recommended(client: &Client) -> Value {
    let answer = client.get("/api/products/recommended").expect(200).await;
    assert!(
        answer.statement_count() <= 2,
        "{}",
        answer.statement_count()
    );
    answer.value()
}

async fn products(world: &World, names: &[&str]) -> Vec<Value> {
    let mut products = Vec::new();
    for name in names {
        products.push(world.product(name, 1000, 50).await);
    }
    products
}

async fn running(world: &World) -> Running {
    world.app.recommend().await.unwrap();
    world.with_broker().await
}

#[tokio::test]
async fn what_is_bought_together_is_shown_together_until_it_comes_back() {
    let world = World::new().await;
    let shop = products(&world, &["Tent", "Pegs", "Lamp", "Kettle"]).await;
    let [tent, pegs, lamp, kettle] = &shop[..] else {
        panic!()
    };
    let running = running(&world).await;
    assert_eq!(of(&world, tent).await["bought_together"], json!([]));

    // Guests count like everybody, and news that come twice count once.
    let first = buy(&world, None, &[tent, pegs]).await;
    buy(&world, Some(world.person(Role::Customer).id), &[tent, pegs]).await;
    buy(&world, None, &[tent, lamp]).await;
    world
        .publish(&confirmed(&world, first, None, &[(tent, 1), (pegs, 1)]))
        .await;
    eventually("the repeated news are handled", async || {
        let handled: i64 = sqlx::query_scalar("SELECT count(*) FROM inbox")
            .fetch_one(&world.pool)
            .await
            .unwrap();
        (handled == 4).then_some(())
    })
    .await;
    world.app.recommend().await.unwrap();
    let shown = of(&world, tent).await;
    assert_eq!(keys(&shown), ["bought_together", "similar"]);
    assert_eq!(
        titles(&shown["bought_together"]),
        ["Thing Pegs", "Thing Lamp"]
    );
    assert_eq!(
        titles(&of(&world, pegs).await["bought_together"])[0],
        "Thing Tent"
    );
    let pair: i32 = sqlx::query_scalar("SELECT max(orders) FROM recommendation_pairs")
        .fetch_one(&world.pool)
        .await
        .unwrap();
    assert_eq!(pair, 2, "an order counts once");

    // What cannot be had goes last, what left the shop goes at once.
    world
        .person(Role::Admin)
        .client
        .put(&format!("/api/products/{}/stock", id(pegs)))
        .json(&json!({"set": 0}))
        .expect(200)
        .await;
    assert_eq!(
        titles(&of(&world, tent).await["bought_together"]),
        ["Thing Lamp", "Thing Pegs"]
    );
    world
        .person(Role::Admin)
        .client
        .delete(&format!("/api/products/{}", id(lamp)))
        .expect(204)
        .await;
    assert_eq!(
        titles(&of(&world, tent).await["bought_together"]),
        ["Thing Pegs"]
    );

    // A cancelled order takes back what it said; one that was never counted leaves no trace.
    let never = buy(&world, None, &[kettle, tent]).await;
    for order in [first, never] {
        world.publish(&cancelled(order)).await;
        settles(&world, order, "released").await;
    }
    world.app.recommend().await.unwrap();
    let pairs: Vec<i32> = sqlx::query_scalar("SELECT orders FROM recommendation_pairs")
        .fetch_all(&world.pool)
        .await
        .unwrap();
    assert_eq!(pairs, [1, 1]);
    assert!(!titles(&of(&world, tent).await["bought_together"]).contains(&"Thing Kettle"));
    // Late news of what was cancelled change nothing.
    world
        .publish(&confirmed(&world, first, None, &[(tent, 1), (pegs, 1)]))
        .await;
    running.stop().await;
    world.app.recommend().await.unwrap();
    let pairs: i64 = sqlx::query_scalar("SELECT sum(orders) FROM recommendation_pairs")
        .fetch_one(&world.pool)
        .await
        .unwrap();
    assert_eq!(pairs, 2);
}

#[tokio::test]
async fn new_products_are_shown_with_what_is_like_them() {
    let world = World::new().await;
    let admin = world.person(Role::Admin);
    let category = async |name: &str| {
        admin
            .client
            .post("/api/categories")
            .json(&json!({"name": name}))
            .expect(201)
            .await
            .value()
    };
    let (shoes, pans) = (category("Shoes").await, category("Pans").await);
    let make = async |title: &str, colour: &str, category: &Value| {
        world
            .product_of(&json!({"title": title, "description": "", "sku": title.replace(' ', "-"), "stock": 9, "category_id": category["id"], "status": "active",
                "price": {"amount": 100, "currency": "EUR"}, "attributes": {"colour": colour}}))
            .await
    };
    let trail = make("Trail running shoe", "red", &shoes).await;
    let road = make("Road running shoe", "red", &shoes).await;
    make("Evening pump", "black", &shoes).await;
    make("Frying pan", "black", &pans).await;
    let socks = make("Wool socks", "grey", &pans).await;
    let running = running(&world).await;
    assert_eq!(
        titles(&of(&world, &trail).await["similar"]),
        ["Road running shoe", "Evening pump"]
    );

    buy(&world, None, &[&road, &socks]).await;
    let new = make("Mountain running shoe", "red", &shoes).await;
    world.app.recommend().await.unwrap();
    world.app.recommend().await.unwrap();
    let shown = of(&world, &new).await;
    assert_eq!(
        titles(&shown["bought_together"]),
        ["Wool socks"],
        "as with the shoe that is like it"
    );
    assert_eq!(
        titles(&shown["similar"]),
        ["Trail running shoe", "Road running shoe", "Evening pump"]
    );
    // Those that are like it know it too.
    assert!(titles(&of(&world, &trail).await["similar"]).contains(&"Mountain running shoe"));
    running.stop().await;

    // A product that changes looks around again.
    let path = format!("/api/products/{}", id(&new));
    let version = admin
        .client
        .get(&path)
        .expect(200)
        .await
        .header("etag")
        .to_owned();
    let body = json!({"title": "Copper frying pan", "description": "", "sku": "Mountain-running-shoe", "category_id": pans["id"],
        "price": {"amount": 100, "currency": "EUR"}, "attributes": {"colour": "black"}});
    admin
        .client
        .put(&path)
        .header("if-match", &version)
        .json(&body)
        .expect(200)
        .await;
    world.app.recommend().await.unwrap();
    assert_eq!(titles(&of(&world, &new).await["similar"])[0], "Frying pan");
}

#[tokio::test]
async fn everybody_gets_their_own_and_strangers_what_sells() {
    let world = World::new().await;
    let shop = products(&world, &["Brush", "Paint", "Ladder", "Novel", "Atlas"]).await;
    let [brush, paint, ladder, novel, atlas] = &shop[..] else {
        panic!()
    };
    world.app.recommend().await.unwrap();
    let newest = recommended(&world.guest()).await;
    assert_eq!(
        titles(&newest["data"]),
        [
            "Thing Atlas",
            "Thing Novel",
            "Thing Ladder",
            "Thing Paint",
            "Thing Brush"
        ],
        "a shop that sold nothing"
    );

    let running = running(&world).await;
    let (painter, reader) = (world.person(Role::Customer), world.person(Role::Customer));
    for _ in 0..3 {
        buy(&world, None, &[novel, atlas]).await;
        buy(&world, None, &[novel]).await;
    }
    buy(&world, None, &[paint, ladder]).await;
    buy(&world, None, &[brush, paint]).await;
    buy(&world, Some(painter.id), &[paint]).await;
    let wish = format!("/api/wishlist/{}", id(brush));
    painter.client.put(&wish).expect(201).await;
    world.app.recommend().await.unwrap();
    let popular = recommended(&world.guest()).await;
    assert_eq!(
        (&popular["personalised"], titles(&popular["data"])[0]),
        (&json!(false), "Thing Novel")
    );
    assert_eq!(
        recommended(&reader.client).await,
        popular,
        "nothing is known of them"
    );
    let own = recommended(&painter.client).await;
    assert_eq!(own["personalised"], json!(true));
    // Neither what they have nor what they noted already.
    assert_eq!(
        titles(&own["data"]),
        ["Thing Ladder", "Thing Novel", "Thing Atlas"]
    );
    let answer = painter
        .client
        .get("/api/products/recommended?limit=1")
        .expect(200)
        .await;
    assert_eq!(answer.header("cache-control"), "private, no-cache");
    assert_eq!(titles(&answer.value()["data"]), ["Thing Ladder"]);

    // They may take along what is kept of them, and it goes with them.
    let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM user_recommendations")
        .fetch_one(&world.pool)
        .await
        .unwrap();
    assert_eq!(kept, 1);
    world
        .publish(&UserDeleted {
            user_id: painter.id,
        })
        .await;
    eventually("they are forgotten", async || {
        let kept: i64 = sqlx::query_scalar(
            "SELECT (SELECT count(*) FROM user_recommendations) + (SELECT count(*) FROM recommendation_work WHERE kind = 'user')",
        )
        .fetch_one(&world.pool)
        .await
        .unwrap();
        (kept == 0).then_some(())
    })
    .await;
    running.stop().await;
    world.app.recommend().await.unwrap();
    assert_eq!(
        recommended(&painter.client).await["personalised"],
        json!(false)
    );
}

#[tokio::test]
async fn the_sums_are_those_of_the_baskets_whatever_came_in_which_order() {
    let world = World::new().await;
    let shop = products(&world, &["A", "B", "C", "D", "E"]).await;
    let running = running(&world).await;
    let mut orders = Vec::new();
    for turn in 0..24_usize {
        let basket: Vec<&Value> = shop
            .iter()
            .enumerate()
            .filter(|(at, _)| (turn * 7 + at * 3) % 5 < 2 + turn % 3)
            .map(|(_, product)| product)
            .collect();
        world.clock.advance(Duration::from_secs(86_400 * 3));
        orders.push(buy(&world, None, &basket).await);
        if turn % 5 == 4 {
            world.app.recommend().await.unwrap();
        }
        if turn % 3 == 2 {
            let order = orders[turn - 2];
            world.publish(&cancelled(order)).await;
            settles(&world, order, "released").await;
        }
    }
    running.stop().await;
    world.app.recommend().await.unwrap();
    // Counted from the baskets that stand, by the database.
    let expected: Vec<(String, String, i64)> = sqlx::query_as(
        "SELECT a.id::text, b.id::text, count(*) FROM recommendation_baskets k, unnest(k.products) AS a (id), unnest(k.products) AS b (id)
          WHERE k.wanted AND a.id < b.id GROUP BY 1, 2 ORDER BY 1, 2",
    )
    .fetch_all(&world.pool)
    .await
    .unwrap();
    let found: Vec<(String, String, i64)> = sqlx::query_as("SELECT low_id::text, high_id::text, orders::bigint FROM recommendation_pairs ORDER BY 1, 2")
        .fetch_all(&world.pool)
        .await
        .unwrap();
    assert_eq!(found, expected);
    let standing: i64 =
        sqlx::query_scalar("SELECT count(*) FROM recommendation_baskets WHERE wanted")
            .fetch_one(&world.pool)
            .await
            .unwrap();
    assert_eq!(standing, 16);
    let weights: BTreeMap<String, f64> = sqlx::query_as::<_, (String, f64)>(
        "SELECT product_id::text, weight FROM recommendation_items",
    )
    .fetch_all(&world.pool)
    .await
    .unwrap()
    .into_iter()
    .collect();
    let by_hand: Vec<(String, f64)> = sqlx::query_as(
        "SELECT p.id::text, sum(2.0::float8 ^ (extract(epoch FROM date_trunc('second', k.bought_at) - timestamptz '2026-01-01Z')::float8 / 86400 / 90))
           FROM recommendation_baskets k, unnest(k.products) AS p (id) WHERE k.wanted GROUP BY 1",
    )
    .fetch_all(&world.pool)
    .await
    .unwrap();
    assert_eq!(weights.len(), by_hand.len());
    for (product, weight) in by_hand {
        assert!(
            (weights[&product] / weight - 1.0).abs() < 1e-9,
            "{product}: {} and {weight}",
            weights[&product]
        );
    }
    assert_eq!(work(&world).await, 0, "nothing is left to do");
}

async fn work(world: &World) -> i64 {
    sqlx::query_scalar("SELECT (SELECT count(*) FROM recommendation_work) + (SELECT count(*) FROM recommendation_baskets WHERE wanted <> counted)")
        .fetch_one(&world.pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn what_is_not_public_and_what_is_not_asked_well_is_refused() {
    let world = World::new().await;
    let seller = world.person(Role::Seller);
    let draft = json!({"title": "Draft", "description": "", "sku": "D", "price": {"amount": 1, "currency": "EUR"}});
    let draft = seller
        .client
        .post("/api/products")
        .json(&draft)
        .expect(201)
        .await
        .value();
    let path = format!("/api/products/{}/recommendations", id(&draft));
    world
        .guest()
        .get(&path)
        .send()
        .await
        .problem(404, "not_found");
    seller.client.get(&path).expect(200).await;
    for path in [
        "/api/products/recommended?limit=25",
        "/api/products/recommended?page=2",
    ] {
        world
            .guest()
            .get(path)
            .send()
            .await
            .problem(422, "validation_failed");
    }
    let product = world.product("A", 1, 1).await;
    let path = format!(
        "/api/products/{}/recommendations",
        product["slug"].as_str().unwrap()
    );
    let answer = world.guest().get(&path).expect(200).await;
    world
        .guest()
        .get(&path)
        .header("if-none-match", answer.header("etag"))
        .expect(304)
        .await;
    world
        .guest()
        .get(&format!("{path}?limit=0"))
        .send()
        .await
        .problem(422, "validation_failed");
}
