//! Promotions, shipping methods and taxes, from what staff write down to what an order keeps.

use auth_token::{OnBehalfOf, Role};
use primitives::{CategoryId, VariantId};
use serde_json::{Value, json};
use testkit::http::Client;
use uuid::Uuid;

use crate::shop::{Shop, address};

fn eur(amount: i64) -> Value {
    json!({"amount": amount, "currency": "EUR"})
}

/// What staff write down, answered as it is kept.
async fn staff(shop: &Shop, path: &str, body: Value) -> Value {
    let admin = shop.person(Role::Admin);
    let post = shop.client.post(path).bearer(&admin.token);
    post.json(&body).expect(201).await.value()
}

async fn cart(shop: &Shop, token: &str) -> Value {
    let get = shop.client.get("/api/cart").header("x-cart-token", token);
    get.expect(200).await.value()
}

async fn add(shop: &Shop, token: &str, variant: VariantId, quantity: i32) {
    let post = shop.client.post("/api/cart").header("x-cart-token", token);
    let body = json!({"variant_id": variant, "quantity": quantity});
    let _ = post.json(&body).expect(200).await;
}

async fn apply(shop: &Shop, token: &str, code: &str) -> testkit::http::Answer {
    let post = shop
        .client
        .post("/api/cart/coupon")
        .header("x-cart-token", token);
    post.json(&json!({"code": code})).send().await
}

/// An order with all its parts, as staff see it.
async fn whole(shop: &Shop, order: &Value) -> Value {
    let admin = shop.person(Role::Admin);
    let path = format!("/api/orders/{}", order["id"].as_str().unwrap());
    let get = shop.client.get(&path).bearer(&admin.token);
    get.expect(200).await.value()
}

fn amounts(parts: &Value) -> i64 {
    let parts = parts.as_array().unwrap().iter();
    parts
        .map(|part| part["amount"]["amount"].as_i64().unwrap())
        .sum()
}

/// What the database says of all orders: how many have parts that do not add up.
async fn crooked(shop: &Shop) -> i64 {
    sqlx::query_scalar(
        "SELECT count(*) FROM orders o
          WHERE o.total <> o.subtotal - o.discount + o.shipping + o.tax
             OR o.total <> (SELECT sum(i.total) FROM order_items i WHERE i.order_id = o.id) + o.shipping
                           + CASE WHEN o.prices_include_tax THEN 0 ELSE o.shipping_tax END
             OR o.discount <> coalesce((SELECT sum(a.amount) FROM order_adjustments a WHERE a.order_id = o.id AND a.order_item_id IS NOT NULL), 0)
             OR o.tax + o.included_tax <> coalesce((SELECT sum(t.amount) FROM order_taxes t WHERE t.order_id = o.id), 0)
             OR o.shipping_tax <> coalesce((SELECT sum(t.amount) FROM order_taxes t WHERE t.order_id = o.id AND t.order_item_id IS NULL), 0)
             OR EXISTS (SELECT FROM order_items i WHERE i.order_id = o.id
                  AND (i.discount <> coalesce((SELECT sum(a.amount) FROM order_adjustments a WHERE a.order_item_id = i.id), 0)
                    OR i.tax + i.included_tax <> coalesce((SELECT sum(t.amount) FROM order_taxes t WHERE t.order_item_id = i.id), 0)))",
    )
    .fetch_one(&shop.pool)
    .await
    .unwrap()
}

#[tokio::test]
async fn promotions_are_taken_off_and_kept_with_the_order() {
    let shop = Shop::open().await;
    let (shirt, socks) = (shop.peer.sell(2000, 50), shop.peer.sell(333, 50));
    let product = shop.peer.world().variants[&socks].product_id;
    for promotion in [
        json!({"name": "Three for two", "kind": "buy_x_get_y", "buy_quantity": 2, "get_quantity": 1,
            "product_ids": [product], "priority": 1}),
        json!({"name": "Much", "kind": "tiered", "by": "subtotal",
            "tiers": [{"from_subtotal": eur(2000), "percent": 5}, {"from_subtotal": eur(100_000), "percent": 20}]}),
        json!({"name": "Later", "kind": "percent", "percent": 90, "starts_at": "2099-01-01T00:00:00Z"}),
    ] {
        staff(&shop, "/api/promotions", promotion).await;
    }
    let coupon = json!({"code": "TEN", "kind": "percent", "percent": 10, "max_discount": eur(150)});
    staff(&shop, "/api/coupons", coupon).await;

    let token = shop.guest_cart(shirt, 1).await;
    add(&shop, &token, socks, 3).await;
    let priced = apply(&shop, &token, "TEN").await.expect(200).value();
    // 2999, less one pair of socks, less 5 % of 2666, less 10 % of 2533, which is more than 150.
    let discount = 333 + 133 + 150;
    assert_eq!(priced["discount"], eur(discount));
    assert_eq!(amounts(&priced["adjustments"]), discount);

    let order = shop.order_as_guest(&token).expect(201).await.value();
    assert_eq!(
        (&order["discount"], &order["total"]),
        (&priced["discount"], &priced["total"])
    );
    let whole = whole(&shop, &order).await;
    assert_eq!(amounts(&whole["adjustments"]), discount);
    assert_eq!(
        amounts(&whole["taxes"]),
        whole["tax"]["amount"].as_i64().unwrap()
    );
    let adjustments = whole["adjustments"].as_array().unwrap().iter();
    let labels: Vec<_> = adjustments.map(|a| a["label"].as_str().unwrap()).collect();
    assert_eq!(labels, ["Much", "TEN", "Three for two", "Much", "TEN"]);
    assert_eq!(crooked(&shop).await, 0);
}

#[tokio::test]
async fn a_coupon_is_for_the_products_and_categories_that_it_names() {
    let shop = Shop::open().await;
    let (shirt, book) = (shop.peer.sell(2000, 50), shop.peer.sell(1000, 50));
    let books = CategoryId::from(Uuid::from_u128(77));
    let in_category = |world: &mut crate::peer::World| {
        world.variants.get_mut(&book).unwrap().category_ids = vec![books];
    };
    in_category(&mut shop.peer.world());
    let coupon = json!({"code": "READ", "kind": "percent", "percent": 50, "category_ids": [books]});
    staff(&shop, "/api/coupons", coupon).await;
    let token = shop.guest_cart(shirt, 1).await;
    apply(&shop, &token, "READ")
        .await
        .problem(409, "coupon_other_products");
    add(&shop, &token, book, 1).await;
    let priced = apply(&shop, &token, "READ").await.expect(200).value();
    assert_eq!(priced["discount"], eur(500));
}

#[tokio::test]
async fn where_it_goes_decides_on_taxes_and_ways_of_sending() {
    let shop = Shop::open().await;
    let variant = shop.peer.sell(1000, 50);
    let rates = [
        ("GST", None, json!(5), false),
        ("QST", Some("QC"), json!(9.975), true),
    ];
    for (name, region, percent, adds) in rates {
        let tax = json!({"country": "CA", "region": region, "tax_class": "standard", "name": name, "percent": percent, "adds": adds});
        assert_eq!(
            staff(&shop, "/api/tax-rates", tax).await["percent"],
            percent
        );
    }
    let method = json!({"code": "canada", "name": "To Canada", "kind": "by_weight", "places": ["CA"], "except_places": ["CA-NU"],
        "steps": [{"up_to_grams": 1000, "price": eur(900)}, {"up_to_grams": 2000, "price": eur(1500)}], "tax_class": "goods", "position": -1});
    staff(&shop, "/api/shipping-methods", method).await;

    let token = shop.guest_cart(variant, 3).await;
    let offers = async |query: &str| {
        let get = shop.client.get(&format!("/api/shipping-methods{query}"));
        let answer = get.header("x-cart-token", &token).expect(200).await.value();
        let offer = |o: &Value| (o["code"].clone(), o["price"]["amount"].clone());
        let offers = answer["data"].as_array().unwrap().iter();
        offers.map(offer).collect::<Vec<_>>()
    };
    let home = vec![
        (json!("standard"), json!(490)),
        (json!("express"), json!(1290)),
    ];
    assert_eq!(offers("").await, home);
    assert_eq!(offers("?country=CA&region=NU").await, home);
    // Three of half a kilogram.
    let there = offers("?country=CA&region=QC").await;
    assert_eq!(there[0], (json!("canada"), json!(1500)));

    let order = async |region: &str, method: Option<&str>| {
        let code = if region == "QC" { "H2X 1Y4" } else { "X0A 0H0" };
        let address = json!({"name": "Anna", "line1": "Street 1", "city": "Somewhere", "region": region, "postal_code": code, "country": "CA"});
        let post = shop
            .client
            .post("/api/orders")
            .header("x-cart-token", &token);
        post.json(&json!({"email": "guest@example.com", "shipping_address": address, "shipping_method": method}))
            .send()
            .await
    };
    for (method, code) in [("canada", "not_offered_there"), ("nothing", "unknown")] {
        let refused = order("NU", Some(method)).await;
        let problem = refused.problem(422, "validation_failed");
        assert_eq!(problem["errors"][0]["code"], code);
    }
    let placed = order("QC", None).await.expect(201).value();
    assert_eq!(
        (&placed["shipping_method"], &placed["shipping"]),
        (&json!("canada"), &eur(1500))
    );
    // 5 % and 9.975 % of 45.00.
    assert_eq!(placed["tax"], eur(225 + 449));
    assert_eq!(crooked(&shop).await, 0);
}

#[tokio::test]
async fn prices_may_include_tax() {
    let shop = Shop::open_with(&[("--prices-include-tax", "true")]).await;
    let variant = shop.peer.sell(1190, 50);
    let token = shop.guest_cart(variant, 3).await;
    let cart = cart(&shop, &token).await;
    assert_eq!(
        (&cart["total"], &cart["tax"]),
        (&eur(3 * 1190 + 490), &eur(0))
    );
    assert_eq!(
        (&cart["included_tax"], &cart["prices_include_tax"]),
        (&eur(570), &json!(true))
    );
    let order = shop.order_as_guest(&token).expect(201).await.value();
    assert_eq!(
        (&order["included_tax"], &order["tax"], &order["total"]),
        (&eur(570), &eur(0), &cart["total"])
    );
    assert_eq!(order["items"][0]["total"], eur(3570));
    assert_eq!(whole(&shop, &order).await["taxes"][0]["base"], eur(3000));
    assert_eq!(crooked(&shop).await, 0);
}

#[tokio::test]
async fn staff_hear_of_every_bad_field() {
    let shop = Shop::open().await;
    let admin = shop.person(Role::Admin);
    let client = shop.client.clone().with_bearer(&admin.token);
    let fields = async |path: &str, body: Value| {
        let answer = client.post(path).json(&body).send().await;
        let problem = answer.problem(422, "validation_failed");
        let errors = problem["errors"].as_array().unwrap().iter();
        let field = |e: &Value| e["field"].as_str().unwrap().to_owned();
        errors.map(field).collect::<Vec<_>>()
    };
    let bad = json!({"name": "x", "kind": "tiered", "percent": 5, "tiers": [{"from_quantity": 5, "percent": 101},
        {"from_quantity": 2, "from_subtotal": {"amount": 1, "currency": "USD"}, "amount": eur(3)}]});
    assert_eq!(
        fields("/api/promotions", bad).await,
        [
            "percent",
            "tiers[1].amount",
            "tiers[0].percent",
            "tiers[1].from_subtotal",
            "tiers[1]"
        ]
    );
    let bad = json!({"name": "x", "kind": "buy_x_get_y"});
    assert_eq!(
        fields("/api/promotions", bad).await,
        ["buy_quantity", "get_quantity"]
    );
    let many = vec![Uuid::nil(); 501];
    let bad = json!({"name": "x", "kind": "buy_x_get_y", "buy_quantity": 1, "get_quantity": 1, "get_product_ids": many});
    assert_eq!(fields("/api/promotions", bad).await, ["get_product_ids"]);
    let bad = json!({"code": "A B", "name": "x", "kind": "by_weight", "price": eur(1), "steps": [{"price": eur(-1)}, {"up_to_grams": -5, "price": eur(1)}]});
    assert_eq!(
        fields("/api/shipping-methods", bad).await,
        [
            "code",
            "steps[0].price",
            "price",
            "steps[0]",
            "steps[1].up_to_grams"
        ]
    );
    let bad = json!({"country": "DE", "tax_class": "Standard", "name": "VAT", "percent": 19, "adds": true});
    assert_eq!(fields("/api/tax-rates", bad).await, ["adds", "tax_class"]);
    let again = json!({"country": "DE", "tax_class": "standard", "name": "VAT", "percent": 19});
    let answer = client.post("/api/tax-rates").json(&again).send().await;
    answer.problem(409, "tax_rate_taken");
}

#[tokio::test]
async fn staff_change_and_delete_what_they_made() {
    let shop = Shop::open().await;
    let admin = shop.person(Role::Admin);
    let client = shop.client.clone().with_bearer(&admin.token);
    let tax = |percent: f64| json!({"country": "SE", "tax_class": "standard", "name": "VAT", "percent": percent});
    let cases = [
        (
            "/api/promotions",
            json!({"name": "Sale", "kind": "percent", "percent": 5}),
            json!({"name": "Sale", "kind": "fixed", "amount": eur(5)}),
            "id",
        ),
        (
            "/api/shipping-methods",
            json!({"code": "bike", "name": "Bike", "price": eur(300)}),
            json!({"name": "Bike", "price": eur(400)}),
            "code",
        ),
        ("/api/tax-rates", tax(25.0), tax(12.5), "id"),
    ];
    for (path, first, second, key) in cases {
        let made = client.post(path).json(&first).expect(201).await.value();
        let one = format!("{path}/{}", made[key].as_str().unwrap());
        let etag = client.get(&one).expect(200).await.header("etag").to_owned();
        let put = || client.put(&one).header("if-match", &etag).json(&second);
        let changed = put().expect(200).await.value();
        assert_eq!(changed["version"], 2, "{path}");
        put().send().await.problem(412, "stale_version");
        let list = if key == "code" { "/all" } else { "?limit=100" };
        let listed = client
            .get(&format!("{path}{list}"))
            .expect(200)
            .await
            .value();
        let data = listed["data"].as_array().unwrap();
        assert!(data.contains(&changed), "{path}");
        let _ = client.delete(&one).expect(204).await;
        client.get(&one).send().await.problem(404, "not_found");
        client.delete(&one).send().await.problem(404, "not_found");
    }
    let acts = shop.events("staff.acted").await;
    let acts: Vec<&str> = acts
        .iter()
        .map(|act| act["action"].as_str().unwrap())
        .collect();
    assert_eq!(acts.len(), 9);
    assert_eq!(
        acts[..3],
        ["promotion.create", "promotion.update", "promotion.delete"]
    );
}

#[tokio::test]
async fn what_staff_delete_is_what_they_have_read() {
    let shop = Shop::open().await;
    let admin = shop.person(Role::Admin);
    let client = shop.client.clone().with_bearer(&admin.token);
    let superuser = shop.superuser().await;
    let cases = [
        (
            "promotions",
            json!({"name": "Sale", "kind": "percent", "percent": 5}),
        ),
        (
            "coupons",
            json!({"code": "SALE", "kind": "percent", "percent": 5}),
        ),
        (
            "shipping-methods",
            json!({"code": "bike", "name": "Bike", "price": eur(300)}),
        ),
        (
            "tax-rates",
            json!({"country": "SE", "tax_class": "standard", "name": "VAT", "percent": 25}),
        ),
    ];
    for (path, body) in cases {
        let table = path.replace('-', "_");
        let path = format!("/api/{path}");
        let made = client.post(&path).json(&body).expect(201).await.value();
        let key = made["id"].as_str().or(made["code"].as_str()).unwrap();
        let one = format!("{path}/{key}");
        let etag = client.get(&one).expect(200).await.header("etag").to_owned();
        // Somebody is changing it.
        let mut change = shop.pool.begin().await.unwrap();
        let sql = format!("UPDATE {table} SET version = version + 1 WHERE version = 1");
        let changed = sqlx::query(sqlx::AssertSqlSafe(sql));
        assert!(changed.execute(&mut *change).await.unwrap().rows_affected() > 0);
        let delete = client.delete(&one).header("if-match", &etag);
        let delete = tokio::spawn(async move { delete.send().await });
        testkit::eventually("the deletion waits", async || {
            let waiting = sqlx::query_scalar::<_, i64>(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
            );
            (waiting.fetch_one(&superuser).await.unwrap() == 1).then_some(())
        })
        .await;
        change.commit().await.unwrap();
        delete.await.unwrap().problem(412, "stale_version");
        let _ = client.get(&one).expect(200).await;
    }
    let acts = shop.events("staff.acted").await;
    assert!(
        acts.iter()
            .all(|act| act["action"].as_str().unwrap().ends_with(".create"))
    );
}

/// The panel, in the name of an administrator.
fn panel(shop: &Shop) -> Client {
    let staff = OnBehalfOf {
        user_id: Uuid::from_u128(1).into(),
        role: Role::Admin,
        email: Some("boss@example.com".parse().unwrap()),
        auth_time: None,
    };
    let token = shop.admin.token("order", Some(&staff)).unwrap();
    shop.internal.clone().with_bearer(&token)
}

#[tokio::test]
async fn the_panel_does_the_same_and_tries_prices() {
    let shop = Shop::open().await;
    let variant = shop.peer.sell(1000, 50);
    let client = panel(&shop);
    let post = |path: &str, body: Value| client.post(path).json(&body);
    let promotion =
        json!({"name": "Five", "kind": "fixed", "amount": eur(500), "min_subtotal": eur(5000)});
    let make = || {
        post("/internal/api/promotions", promotion.clone())
            .header("idempotency-key", &"k".repeat(43))
    };
    let made = make().expect(201).await.value();
    // Sent twice, it is made once.
    assert_eq!(make().expect(201).await.value(), made);
    post(
        "/internal/api/promotions",
        json!({"name": "Other", "kind": "percent", "percent": 1}),
    )
    .header("idempotency-key", &"k".repeat(43))
    .send()
    .await
    .problem(422, "idempotency_key_reused");
    let preview = post(
        "/internal/pricing/preview",
        json!({"lines": [{"variant_id": variant, "quantity": 2}, {"unit_price": eur(333), "quantity": 1, "tax_class": "reduced"}],
            "coupon": "NONE", "promotion": {"name": "Draft", "kind": "percent", "percent": 10}}),
    );
    let preview = preview.expect(200).await.value();
    assert_eq!(
        (&preview["subtotal"], &preview["discount"]),
        (&eur(2333), &eur(233))
    );
    let promotions = &preview["promotions"];
    assert_eq!(promotions[0]["reason"], "subtotal_too_low");
    assert_eq!(
        (&promotions[0]["has"], &promotions[0]["needs"]),
        (&eur(2333), &eur(5000))
    );
    assert_eq!(
        (&promotions[1]["id"], &promotions[1]["goods"]),
        (&json!(null), &eur(233))
    );
    assert_eq!(preview["coupon"]["reason"], "coupon_unknown");
    assert_eq!(preview["shipping_method"], "standard");
    assert_eq!(preview["country"], "DE");
    // Nothing of it is kept.
    assert_eq!(
        (shop.count("promotions").await, shop.count("carts").await),
        (1, 0)
    );

    let one = format!("/internal/api/promotions/{}", made["id"].as_str().unwrap());
    let delete = |tag: &'static str| client.delete(&one).header("if-match", tag);
    delete("\"7\"").send().await.problem(412, "stale_version");
    let etag = client.get(&one).expect(200).await.header("etag").to_owned();
    let _ = client
        .delete(&one)
        .header("if-match", &etag)
        .expect(204)
        .await;
    assert_eq!(shop.count("promotions").await, 0);
    let acts = shop.events("staff.acted").await;
    assert_eq!(acts.len(), 2);
    assert_eq!(acts[0]["through"], "admin");
}

#[tokio::test]
async fn the_bench_says_of_everything_why_it_does_not_hold() {
    let shop = Shop::open().await;
    let client = panel(&shop);
    let make = async |path: &str, body: Value| {
        let _ = client.post(path).json(&body).expect(201).await;
    };
    for (name, priority, more) in [
        ("Off", 1, json!({"active": false})),
        ("Over", 2, json!({"ends_at": "2020-01-01T00:00:00Z"})),
        ("Alone", 9, json!({"exclusive": true})),
        ("After", 3, json!({})),
    ] {
        let mut promotion =
            json!({"name": name, "kind": "percent", "percent": 10, "priority": priority});
        promotion
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        make("/internal/api/promotions", promotion).await;
    }
    make(
        "/internal/api/coupons",
        json!({"code": "ONCE", "kind": "percent", "percent": 50, "per_customer_limit": 1}),
    )
    .await;
    make(
        "/internal/api/coupons",
        json!({"code": "ASLEEP", "kind": "percent", "percent": 50, "active": false}),
    )
    .await;
    make(
        "/internal/api/shipping-methods",
        json!({"code": "bike", "name": "Bike", "price": eur(300), "active": false}),
    )
    .await;
    make(
        "/internal/api/shipping-methods",
        json!({"code": "alps", "name": "Alps", "price": eur(300), "places": ["CH"]}),
    )
    .await;
    make(
        "/internal/api/shipping-methods",
        json!({"code": "usd", "name": "Dollars", "price": {"amount": 1, "currency": "USD"}}),
    )
    .await;

    // Somebody uses the coupon, as a guest.
    let variant = shop.peer.sell(1000, 50);
    let token = shop.guest_cart(variant, 1).await;
    let _ = apply(&shop, &token, "ONCE").await.expect(200);
    let post = shop
        .client
        .post("/api/orders")
        .header("x-cart-token", &token);
    let order = json!({"email": "guest@example.com", "shipping_address": address()});
    let _ = post.json(&order).expect(201).await;

    let bench = async |more: Value| {
        let mut basket = json!({"lines": [{"variant_id": variant, "quantity": 1}]});
        basket
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        client
            .post("/internal/pricing/preview")
            .json(&basket)
            .expect(200)
            .await
            .value()
    };
    let said = bench(json!({"coupon": "ONCE", "customer": {"email": "guest@example.com"}})).await;
    let pairs = |list: &Value, name: &str| {
        let list = list.as_array().unwrap().iter();
        let pair = |one: &Value| {
            (
                one[name].as_str().unwrap().to_owned(),
                one["reason"].as_str().unwrap_or("-").to_owned(),
            )
        };
        list.map(pair).collect::<Vec<_>>()
    };
    let own = |pairs: &[(&str, &str)]| {
        let own = |(name, reason): &(&str, &str)| ((*name).to_owned(), (*reason).to_owned());
        pairs.iter().map(own).collect::<Vec<_>>()
    };
    assert_eq!(
        pairs(&said["promotions"], "label"),
        own(&[
            ("Alone", "-"),
            ("After", "exclusive"),
            ("Over", "expired"),
            ("Off", "not_active")
        ])
    );
    assert_eq!(
        pairs(&said["shipping_methods"], "code"),
        own(&[
            ("alps", "not_offered_there"),
            ("standard", "-"),
            ("express", "-"),
            ("bike", "not_active"),
            ("usd", "other_currency")
        ])
    );
    assert_eq!(said["coupon"]["reason"], "coupon_used_up");
    assert_eq!(said["discount"], eur(100));
    let other = bench(json!({"coupon": "ONCE", "customer": {"email": "other@example.com"}})).await;
    assert_eq!(
        (&other["coupon"]["applied"], &other["discount"]),
        (&json!(true), &eur(550))
    );
    assert_eq!(
        bench(json!({"coupon": "ASLEEP"})).await["coupon"]["reason"],
        "not_active"
    );
    let alone = bench(json!({"with_promotions": false, "with_shipping": false})).await;
    assert_eq!(
        (&alone["discount"], &alone["shipping"], &alone["total"]),
        (&eur(0), &eur(0), &eur(1190))
    );
}

#[tokio::test]
async fn limits_hold_for_one_customer_with_many_carts_at_once() {
    let shop = Shop::open().await;
    let variant = shop.peer.sell(1000, 500);
    let coupon = json!({"code": "TWICE", "kind": "percent", "percent": 50, "per_customer_limit": 2, "usage_limit": 100});
    staff(&shop, "/api/coupons", coupon).await;
    let mut carts = Vec::new();
    for _ in 0..24 {
        let token = shop.guest_cart(variant, 1).await;
        let _ = apply(&shop, &token, "TWICE").await.expect(200);
        carts.push(token);
    }
    let order = |token: &String| {
        let post = shop
            .client
            .post("/api/orders")
            .header("x-cart-token", token);
        post.json(&json!({"email": "Guest@Example.com", "shipping_address": address()}))
            .send()
    };
    let answers = futures::future::join_all(carts.iter().map(order)).await;
    let (good, bad): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|answer| answer.status == 201);
    assert_eq!(good.len(), 2);
    for answer in bad {
        answer.problem(409, "coupon_used_up");
    }
    assert_eq!(
        (
            shop.count("coupon_redemptions").await,
            shop.peer.held().len()
        ),
        (2, 2)
    );
    assert_eq!(crooked(&shop).await, 0);
}

#[tokio::test]
async fn an_account_and_its_address_are_one_customer() {
    let shop = Shop::open().await;
    let variant = shop.peer.sell(1000, 50);
    let coupon = json!({"code": "ONCE", "kind": "percent", "percent": 50, "per_customer_limit": 1});
    staff(&shop, "/api/coupons", coupon).await;
    let person = shop.person(Role::Customer);
    let email = format!("{}@example.com", person.id.uuid().simple());
    let _ = shop.add(&person, variant, 1).await;
    let post = shop.client.post("/api/cart/coupon").bearer(&person.token);
    let _ = post.json(&json!({"code": "ONCE"})).expect(200).await;
    let _ = shop.order_as(&person).expect(201).await;
    let token = shop.guest_cart(variant, 1).await;
    let _ = apply(&shop, &token, "ONCE").await.expect(200);
    let post = shop
        .client
        .post("/api/orders")
        .header("x-cart-token", &token);
    let order = json!({"email": email, "shipping_address": address()});
    post.json(&order)
        .send()
        .await
        .problem(409, "coupon_used_up");
}

#[tokio::test]
async fn what_carts_and_orders_cost_takes_as_many_statements_however_much_there_is() {
    let shop = Shop::open().await;
    let mut counts = Vec::new();
    for (lines, promotions) in [(1, 1), (120, 30)] {
        for number in 0..promotions {
            let promotion =
                json!({"name": format!("No {number}"), "kind": "percent", "percent": 1});
            staff(&shop, "/api/promotions", promotion).await;
        }
        let person = shop.person(Role::Customer);
        for _ in 0..lines {
            let variant = shop.peer.sell(1000, 10);
            let _ = shop.add(&person, variant, 1).await;
        }
        let get = shop.client.get("/api/cart").bearer(&person.token);
        let read = get.expect(200).await.statement_count();
        let placed = shop.order_as(&person).expect(201).await;
        let items = placed.value()["items"].as_array().unwrap().len();
        assert_eq!(items, lines);
        counts.push((read, placed.statement_count()));
    }
    assert_eq!(counts[0], counts[1]);
    assert_eq!(crooked(&shop).await, 0);
}
