//! Stock at several places, what is owed, terms, transfers, and the ledger as people read it.

use std::time::Duration;

use auth_token::Role;
use serde_json::{Value, json};

use crate::world::{World, variant};

const HOME: &str = "00000000-0000-7000-8000-000000000001";

/// Makes a place; answers its id.
async fn place(world: &World, code: &str) -> String {
    let admin = world.person(Role::Admin).client;
    let body = json!({"code": code, "name": code});
    let made = admin
        .post("/api/inventory/locations")
        .json(&body)
        .expect(201)
        .await
        .value();
    made["id"].as_str().unwrap().to_owned()
}

fn path(product: &Value) -> String {
    format!("/api/products/{}/stock", product["id"].as_str().unwrap())
}

async fn set(world: &World, product: &Value, body: Value) -> Value {
    let admin = world.person(Role::Admin).client;
    admin
        .put(&path(product))
        .json(&body)
        .expect(200)
        .await
        .value()
}

async fn stock(world: &World, product: &Value) -> Value {
    let support = world.person(Role::Support).client;
    let answer = support.get(&path(product)).expect(200).await;
    assert!(answer.statement_count() <= 3);
    answer.value()["data"][0].clone()
}

/// On hand, reserved, owed, available, availability.
async fn summary(world: &World, product: &Value) -> Value {
    let stock = stock(world, product).await;
    json!([
        stock["on_hand"],
        stock["reserved"],
        stock["owed"],
        stock["available"],
        stock["availability"]
    ])
}

async fn terms(world: &World, product: &Value, body: Value) -> Value {
    let admin = world.person(Role::Admin).client;
    admin
        .put(&format!("{}/terms", path(product)))
        .json(&body)
        .expect(200)
        .await
        .value()
}

async fn commit(world: &World, order: primitives::OrderId) {
    let path = format!("/internal/reservations/{order}/commit");
    world.order_service().post(&path).expect(200).await;
}

#[tokio::test]
async fn an_order_is_served_by_places_in_their_order() {
    let world = World::new().await;
    let product = world.product("CUP", 1, 3).await;
    let north = place(&world, "north").await;
    set(&world, &product, json!({"set": 4, "location_id": north})).await;
    assert_eq!(
        summary(&world, &product).await,
        json!([7, 0, 0, 7, "in_stock"])
    );
    // The first that has it all, though it is not the first.
    let order = world.order_id();
    let _ = world
        .reserve(order, &[(variant(&product), 4)])
        .await
        .expect(200);
    let found = stock(&world, &product).await;
    assert_eq!(found["locations"][0]["code"], "main");
    assert_eq!(found["locations"][0]["available"], 3);
    assert_eq!(found["locations"][1]["reserved"], 4);
    let release = format!("/internal/reservations/{order}/release");
    world.order_service().post(&release).expect(200).await;
    // Split, because no place has it all.
    let order = world.order_id();
    let held = world
        .reserve(order, &[(variant(&product), 6)])
        .await
        .expect(200)
        .value();
    assert_eq!(
        held["lines"].as_array().unwrap().len(),
        1,
        "one line, whoever serves it"
    );
    assert_eq!(held["lines"][0]["quantity"], 6);
    assert_eq!(
        world
            .reserve(order, &[(variant(&product), 6)])
            .await
            .expect(200)
            .value(),
        held
    );
    let found = stock(&world, &product).await;
    assert_eq!(found["locations"][0]["reserved"], 3);
    assert_eq!(found["locations"][1]["reserved"], 3);
    commit(&world, order).await;
    assert_eq!(
        summary(&world, &product).await,
        json!([1, 0, 0, 1, "in_stock"])
    );
    // What comes back goes to where it came from.
    let release = format!("/internal/reservations/{order}/release");
    world.order_service().post(&release).expect(200).await;
    assert_eq!(stock(&world, &product).await["locations"][1]["on_hand"], 4);
    // north serves first from now on.
    let admin = world.person(Role::Admin).client;
    let first = json!({"name": "North", "active": true, "position": 1});
    let moved = admin
        .put(&format!("/api/inventory/locations/{north}"))
        .json(&first)
        .expect(200)
        .await
        .value();
    assert_eq!(
        (&moved["position"], &moved["name"], &moved["version"]),
        (&json!(1), &json!("North"), &json!(2))
    );
    let _ = world
        .reserve(world.order_id(), &[(variant(&product), 1)])
        .await
        .expect(200);
    assert_eq!(stock(&world, &product).await["locations"][0]["reserved"], 1);
    world.assert_ledger_adds_up().await;
}

#[tokio::test]
async fn a_place_is_emptied_before_it_is_deactivated_and_one_stays() {
    let world = World::new().await;
    let product = world.product("CUP", 1, 3).await;
    let north = place(&world, "north").await;
    let admin = world.person(Role::Admin).client;
    let home = format!("/api/inventory/locations/{HOME}");
    let inactive = json!({"name": "Main", "active": false});
    let put = async |path: &str| admin.put(path).json(&inactive).send().await;
    put(&home).await.problem(409, "location_not_empty");
    let moving = json!({"variant_id": variant(&product), "from": HOME, "to": north, "quantity": 3});
    let transfer = |key: &'static str, body: &Value| {
        admin
            .post("/api/inventory/transfers")
            .header("idempotency-key", key)
            .json(body)
    };
    let order = world.order_id();
    let _ = world
        .reserve(order, &[(variant(&product), 1)])
        .await
        .expect(200);
    let short = transfer("one", &moving)
        .send()
        .await
        .problem(409, "insufficient_stock");
    assert_eq!(short["lines"][0]["available"], 2);
    commit(&world, order).await;
    let moving = json!({"variant_id": variant(&product), "from": HOME, "to": north, "quantity": 2, "reason": "closing"});
    let moved = transfer("two", &moving).expect(201).await.value();
    assert_eq!(
        (&moved["from"]["on_hand"], &moved["to"]["on_hand"]),
        (&json!(0), &json!(2))
    );
    assert_eq!(
        transfer("two", &moving).expect(201).await.value(),
        moved,
        "once"
    );
    let other = json!({"variant_id": variant(&product), "from": north, "to": HOME, "quantity": 1});
    transfer("two", &other)
        .send()
        .await
        .problem(422, "idempotency_key_reused");
    assert_eq!(put(&home).await.expect(200).value()["active"], false);
    put(&format!("/api/inventory/locations/{north}"))
        .await
        .problem(409, "location_not_empty");
    // Nothing comes to it; what an order gives back goes elsewhere.
    let body = json!({"set": 1, "location_id": HOME});
    admin
        .put(&path(&product))
        .json(&body)
        .send()
        .await
        .problem(409, "location_inactive");
    let release = format!("/internal/reservations/{order}/release");
    world.order_service().post(&release).expect(200).await;
    let found = stock(&world, &product).await;
    assert_eq!(
        (
            &found["locations"][0]["on_hand"],
            &found["locations"][1]["on_hand"]
        ),
        (&json!(0), &json!(3))
    );
    // Without a place the first active one is meant.
    set(&world, &product, json!({"set": 0})).await;
    put(&format!("/api/inventory/locations/{north}"))
        .await
        .problem(409, "last_location");
    let twice = json!({"code": "north", "name": "Again"});
    admin
        .post("/api/inventory/locations")
        .json(&twice)
        .send()
        .await
        .problem(409, "code_taken");
    let shape = json!({"code": "North!", "name": ""});
    let problem = admin
        .post("/api/inventory/locations")
        .json(&shape)
        .send()
        .await
        .problem(422, "validation_failed");
    assert_eq!(problem["errors"].as_array().unwrap().len(), 2);
    world.assert_ledger_adds_up().await;
}

#[tokio::test]
async fn what_is_owed_is_served_first() {
    let world = World::new().await;
    let product = world.product("CUP", 1, 1).await;
    let north = place(&world, "north").await;
    terms(
        &world,
        &product,
        json!({"low_stock_threshold": 0, "backorder": {"limit": 5}}),
    )
    .await;
    let (first, second, unpaid) = (world.order_id(), world.order_id(), world.order_id());
    let held = world
        .reserve(first, &[(variant(&product), 3)])
        .await
        .expect(200)
        .value();
    assert_eq!(
        (
            &held["lines"][0]["owed"],
            &held["lines"][0]["variant"]["available"]
        ),
        (&json!(2), &json!(0))
    );
    assert_eq!(
        summary(&world, &product).await,
        json!([1, 1, 2, 0, "backorder"])
    );
    for (order, units) in [(second, 2), (unpaid, 1)] {
        world.clock.advance(Duration::from_millis(5));
        let _ = world
            .reserve(order, &[(variant(&product), units)])
            .await
            .expect(200);
    }
    let short = world
        .reserve(world.order_id(), &[(variant(&product), 1)])
        .await
        .problem(409, "insufficient_stock");
    assert_eq!(short["lines"][0]["available"], 0);
    assert_eq!(
        summary(&world, &product).await,
        json!([1, 1, 5, 0, "out_of_stock"])
    );
    let public = format!("/api/products/{}", product["id"].as_str().unwrap());
    let shown = world.guest().get(&public).expect(200).await.value();
    assert_eq!(shown["variants"][0]["availability"], "out_of_stock");
    for order in [second, first] {
        commit(&world, order).await;
    }
    assert_eq!(
        summary(&world, &product).await,
        json!([0, 0, 5, 0, "out_of_stock"])
    );
    // Three come to another place: the first who ordered gets two, the second one.
    let level = set(&world, &product, json!({"set": 3, "location_id": north})).await;
    assert_eq!(level["on_hand"], 0, "all of them are sold already");
    assert_eq!(
        summary(&world, &product).await,
        json!([0, 0, 2, 0, "backorder"])
    );
    // Four more: the second is served, one stays for who has not paid, two are free.
    set(&world, &product, json!({"set": 4, "location_id": north})).await;
    assert_eq!(
        summary(&world, &product).await,
        json!([3, 0, 1, 2, "in_stock"])
    );
    commit(&world, unpaid).await;
    assert_eq!(
        summary(&world, &product).await,
        json!([2, 0, 0, 2, "in_stock"])
    );
    // Who cancels gets nothing, and gives back what he got, where it came from.
    let release = format!("/internal/reservations/{first}/release");
    world.order_service().post(&release).expect(200).await;
    let found = stock(&world, &product).await;
    assert_eq!(
        (
            &found["locations"][0]["on_hand"],
            &found["locations"][1]["on_hand"]
        ),
        (&json!(1), &json!(4))
    );
    let ledger = world.ledger(variant(&product)).await;
    assert!(
        ledger.iter().any(|row| row.starts_with("serve")),
        "{ledger:?}"
    );
    world.assert_ledger_adds_up().await;
}

#[tokio::test]
async fn a_preorder_lasts_until_its_day() {
    let world = World::new().await;
    let product = world.product("CUP", 1, 0).await;
    let day = world.clock.now() + Duration::from_secs(3_600);
    let body = json!({"low_stock_threshold": 0, "preorder": {"available_on": day, "limit": 2}});
    let answer = terms(&world, &product, body).await;
    assert_eq!(
        (&answer["availability"], &answer["available_on"]),
        (&json!("preorder"), &json!(day))
    );
    let _ = world
        .reserve(world.order_id(), &[(variant(&product), 2)])
        .await
        .expect(200);
    let late = world.order_id();
    world
        .reserve(late, &[(variant(&product), 1)])
        .await
        .problem(409, "insufficient_stock");
    let found = world
        .order_service()
        .post("/internal/variants/lookup")
        .json(&json!({"variant_ids": [variant(&product)], "product_ids": []}))
        .expect(200)
        .await
        .value();
    assert_eq!(found["variants"][0]["availability"], "out_of_stock");
    world.clock.advance(Duration::from_secs(3_601));
    assert_eq!(world.app.expire_holds().await.unwrap(), 1);
    assert_eq!(
        summary(&world, &product).await,
        json!([0, 0, 0, 0, "out_of_stock"])
    );
    let admin = world.person(Role::Admin).client;
    let path = format!("{}/terms", path(&product));
    let bad = json!({"low_stock_threshold": 0, "backorder": {"limit": 0}, "preorder": {"available_on": day, "limit": 0}});
    let problem = admin
        .put(&path)
        .json(&bad)
        .send()
        .await
        .problem(422, "validation_failed");
    assert_eq!(problem["errors"].as_array().unwrap().len(), 2, "{problem}");
    world.assert_ledger_adds_up().await;
}

#[tokio::test]
async fn staff_hear_once_when_the_threshold_rises() {
    let world = World::new().await;
    let product = world.product("CUP", 1, 10).await;
    let low = async || {
        let all = world.events().await;
        all.iter()
            .filter(|kind| *kind == "inventory.low_stock")
            .count()
    };
    let rise = json!({"low_stock_threshold": 10});
    let all = (0..8).map(|_| terms(&world, &product, rise.clone()));
    futures::future::join_all(all).await;
    assert_eq!(low().await, 1);
    assert_eq!(stock(&world, &product).await["low"], true);
    let _ = world
        .reserve(world.order_id(), &[(variant(&product), 1)])
        .await
        .expect(200);
    assert_eq!(low().await, 1, "it was low already");
    terms(&world, &product, json!({"low_stock_threshold": 3})).await;
    let _ = world
        .reserve(world.order_id(), &[(variant(&product), 6)])
        .await
        .expect(200);
    assert_eq!(low().await, 2);
    assert_eq!(world.event("inventory.low_stock").await["available"], 3);
}

#[tokio::test]
async fn the_ledger_is_read_page_by_page() {
    let world = World::new().await;
    let seller = world.person(Role::Seller);
    let body = json!({"title": "Cup", "description": "", "sku": "CUP", "stock": 9, "price": {"amount": 1, "currency": "EUR"}});
    let product = seller
        .client
        .post("/api/products")
        .json(&body)
        .expect(201)
        .await
        .value();
    let stock = path(&product);
    for units in 1..=4 {
        let body = json!({"delta": -units, "reason": format!("broken {units}")});
        // A repetition changes nothing more.
        for _ in 0..2 {
            let key = format!("key-{units}");
            let _ = seller
                .client
                .put(&stock)
                .header("idempotency-key", &key)
                .json(&body)
                .send()
                .await
                .expect(if units < 4 { 200 } else { 422 });
        }
    }
    let list = async |query: &str| {
        let answer = seller
            .client
            .get(&format!("{stock}/movements?{query}"))
            .expect(200)
            .await;
        assert_eq!(answer.statement_count(), 2);
        answer.value()
    };
    let first = list("limit=3").await;
    let of = |page: &Value| -> Vec<i64> {
        page["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["on_hand"].as_i64().unwrap())
            .collect()
    };
    assert_eq!(of(&first), [-3, -2, -1]);
    assert_eq!(first["data"][0]["reason"], "broken 3");
    assert_eq!(first["data"][0]["actor_id"], json!(seller.id));
    let second = list(&format!(
        "limit=3&cursor={}",
        first["next_cursor"].as_str().unwrap()
    ))
    .await;
    assert_eq!(
        (of(&second), &second["next_cursor"]),
        (vec![9], &Value::Null)
    );
    assert_eq!(of(&list("kind=receive").await), [9]);
    assert_eq!(
        of(&list(&format!("location_id={HOME}&from=2100-01-01T00:00:00Z")).await),
        Vec::<i64>::new()
    );
    seller
        .client
        .get(&format!("{stock}/movements?kind=lost"))
        .send()
        .await
        .problem(422, "validation_failed");
    let stranger = world.person(Role::Seller).client;
    stranger.get(&stock).send().await.problem(404, "not_found");
    world.assert_ledger_adds_up().await;
}

#[tokio::test]
async fn a_stock_take_says_what_was_found() {
    let world = World::new().await;
    let (cup, pan) = (
        world.product("CUP", 1, 5).await,
        world.product("PAN", 1, 5).await,
    );
    place(&world, "north").await;
    let _ = world
        .reserve(world.order_id(), &[(variant(&pan), 3)])
        .await
        .expect(200);
    let admin = world.person(Role::Admin);
    let sheet = "sku,location,counted\nCUP,main,4\nCUP,north,2\nPAN,,2\nPOT,,1\nCUP,main,4\nPAN,moon,1\nPAN,main,x\n";
    let take = async |query: &str, key: &str| {
        let path = format!("/api/inventory/stock-takes?reason=yearly{query}");
        let request = admin
            .client
            .post(&path)
            .header("content-type", "text/csv")
            .header("idempotency-key", key);
        request.body(sheet.to_owned()).expect(200).await.value()
    };
    let tried = take("&dry_run=true", "a").await;
    assert_eq!(
        world.level(variant(&cup)).await,
        (5, 0),
        "nothing is written"
    );
    let report = take("", "b").await;
    assert_eq!(take("", "b").await, report, "a repetition changes nothing");
    let at_once = futures::future::join_all((0..4).map(|_| take("", "c"))).await;
    assert!(at_once.iter().all(|it| *it == at_once[0]), "{at_once:#?}");
    assert_eq!(tried["errors"], report["errors"]);
    assert_eq!(
        (
            &report["rows"],
            &report["changed"],
            &report["refused"],
            &report["units"]
        ),
        (&json!(7), &json!(2), &json!(5), &json!(1))
    );
    let codes: Vec<_> = report["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| (error["row"].clone(), error["code"].clone()))
        .collect();
    // What cannot be understood is told before what cannot be done.
    let expected = [
        (5, "unknown_sku"),
        (6, "duplicate"),
        (7, "unknown_location"),
        (8, "invalid_count"),
        (4, "stock_reserved"),
    ];
    assert_eq!(codes, expected.map(|(row, code)| (json!(row), json!(code))));
    let why: Vec<(String, i32, String, sqlx::types::Uuid)> = sqlx::query_as(
        "SELECT kind, on_hand_delta, reason, actor_id FROM stock_movements WHERE stock_take_id IS NOT NULL ORDER BY seq",
    ).fetch_all(&world.pool).await.unwrap();
    let row = |units| {
        (
            "count".to_owned(),
            units,
            "yearly".to_owned(),
            admin.id.uuid(),
        )
    };
    assert_eq!(why, [row(-1), row(2)]);
    for (body, code) in [("sku,amount\n", "malformed_csv"), ("", "malformed_csv")] {
        let request = admin
            .client
            .post("/api/inventory/stock-takes")
            .header("content-type", "text/csv");
        request
            .body(body.to_owned())
            .send()
            .await
            .problem(422, code);
    }
    let request = admin
        .client
        .post("/api/inventory/stock-takes")
        .json(&json!({}));
    request.send().await.problem(415, "unsupported_media_type");
    world.assert_ledger_adds_up().await;
}

#[tokio::test]
async fn the_database_refuses_what_must_not_be() {
    let world = World::new().await;
    let product = world.product("CUP", 1, 5).await;
    let north = place(&world, "north").await;
    terms(
        &world,
        &product,
        json!({"low_stock_threshold": 0, "backorder": {"limit": 2}}),
    )
    .await;
    sqlx::query("INSERT INTO stock_levels (variant_id, location_id, updated_at) VALUES ($1::uuid, $2::uuid, now())")
        .bind(variant(&product)).bind(&north).execute(&world.pool).await.unwrap();
    let inactive =
        format!("UPDATE stock_locations SET deactivated_at = now() WHERE id = '{north}'");
    for (sql, constraint) in [
        (
            "UPDATE stock_levels SET owed = -1",
            "stock_levels_owed_check",
        ),
        (
            "UPDATE stock_levels SET owed = 3 WHERE on_hand > 0",
            "stock_levels_owed_within_terms",
        ),
        (
            "UPDATE stock_levels SET owed = 1 WHERE on_hand = 0",
            "stock_levels_owed_at_home",
        ),
        (
            "UPDATE stock_locations SET deactivated_at = now() WHERE code = 'main'",
            "stock_locations_empty",
        ),
        (
            "UPDATE product_variants SET backorder = false",
            "product_variants_backorder_check",
        ),
        (inactive.as_str(), ""),
        (
            "UPDATE stock_levels SET on_hand = 1 WHERE on_hand = 0",
            "stock_levels_place_is_active",
        ),
    ] {
        let done = sqlx::query(sqlx::AssertSqlSafe(sql.to_owned()))
            .execute(&world.pool)
            .await;
        let found = done
            .err()
            .and_then(|error| Some(error.as_database_error()?.constraint()?.to_owned()));
        assert_eq!(found.unwrap_or_default(), constraint, "{sql}");
    }
}
