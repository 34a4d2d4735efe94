use auth_token::Role;
use primitives::{AddressId, Currency, Money};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::peer::{HoldState, Trouble};
use crate::shop::{Shop, address, id};

#[tokio::test]
async fn a_guest_orders_and_opens_the_order_with_its_token() {
    let shop = Shop::open().await;
    let (shirt, mug) = (shop.peer.sell(1999, 7), shop.peer.sell(500, 3));
    let cart = shop.guest_cart(shirt, 2).await;
    let _ = shop
        .client
        .post("/api/cart")
        .header("x-cart-token", &cart)
        .json(&json!({"variant_id": mug, "quantity": 1}))
        .expect(200)
        .await;

    let placed = shop
        .order_as_guest(&cart)
        .header("idempotency-key", "k1")
        .expect(201)
        .await
        .value();
    assert_eq!(placed["number"], "1000001");
    assert_eq!(
        (
            &placed["status"],
            &placed["payment_status"],
            &placed["fulfillment_status"]
        ),
        (&json!("pending"), &json!("unpaid"), &json!("unfulfilled"))
    );
    assert_eq!(placed["email"], "guest@example.com");
    assert_eq!(placed["items"].as_array().unwrap().len(), 2);
    assert_eq!(placed["total"]["amount"], 4498 + 490 + 855);
    assert_adds_up(&placed);
    assert_eq!(placed["billing_address"], placed["shipping_address"]);
    let token = placed["guest_token"].as_str().unwrap();

    let path = format!("/api/orders/{}", placed["id"].as_str().unwrap());
    let opened = shop
        .client
        .get(&path)
        .header("x-order-token", token)
        .expect(200)
        .await;
    assert_eq!(opened.header("etag"), "\"1\"");
    assert_eq!(opened.header("cache-control"), "private, no-cache");
    let mut expected = placed.clone();
    expected.as_object_mut().unwrap().remove("guest_token");
    // And more: its parcels, say.
    let whole = opened.value();
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&whole[name], value, "{name}");
    }
    shop.client
        .get(&path)
        .send()
        .await
        .problem(404, "not_found");
    shop.client
        .get(&path)
        .header("x-order-token", &cart)
        .send()
        .await
        .problem(404, "not_found");

    let timeline = shop
        .client
        .get(&format!("{path}/events"))
        .header("x-order-token", token)
        .expect(200)
        .await
        .value();
    assert_eq!(timeline["data"][0]["type"], "order.placed");
    assert_eq!(timeline["data"][0]["actor"], "guest");

    assert_eq!(
        shop.outbox().await,
        ["cart.checked_out", "order.created", "email.notification"]
    );
    let mail = &shop.events("email.notification").await[0];
    assert_eq!(mail["to"], "guest@example.com");
    assert_eq!(
        mail["data"]["url"],
        format!(
            "https://shop.test/orders/{}?token={token}",
            placed["id"].as_str().unwrap()
        )
    );
    assert_eq!(shop.peer.held(), [id(&placed)]);

    // The cart is closed: the next one is empty.
    let next = shop
        .client
        .get("/api/cart")
        .header("x-cart-token", &cart)
        .expect(200)
        .await
        .value();
    assert_eq!(next["items"], json!([]));
    // No token is stored as it is.
    let plain: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM idempotency_keys WHERE body::text LIKE '%' || $1 || '%'",
    )
    .bind(token)
    .fetch_one(&shop.pool)
    .await
    .unwrap();
    assert_eq!(plain, 0);
}

fn assert_adds_up(order: &Value) {
    let amount = |value: &Value| value["amount"].as_i64().unwrap();
    let total = amount(&order["subtotal"]) - amount(&order["discount"])
        + amount(&order["shipping"])
        + amount(&order["tax"]);
    assert_eq!(total, amount(&order["total"]));
    let lines: i64 = order["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| amount(&item["total"]))
        .sum();
    assert_eq!(lines + amount(&order["shipping"]), total);
}

#[tokio::test]
async fn a_repeated_request_has_one_effect_and_the_same_answer() {
    let shop = Shop::open().await;
    let cart = shop.guest_cart(shop.peer.sell(1999, 7), 2).await;
    let first = shop
        .order_as_guest(&cart)
        .header("idempotency-key", "k1")
        .expect(201)
        .await;
    let second = shop
        .order_as_guest(&cart)
        .header("idempotency-key", "k1")
        .expect(201)
        .await;
    assert_eq!(first.text(), second.text());
    assert_eq!(shop.count("orders").await, 1);

    let other = json!({"email": "other@example.com", "shipping_address": address()});
    let reused = shop
        .client
        .post("/api/orders")
        .header("x-cart-token", &cart)
        .header("idempotency-key", "k1")
        .json(&other)
        .send()
        .await;
    reused.problem(422, "idempotency_key_reused");
    // Somebody else's key of the same name is another key.
    shop.order_as_guest("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
        .header("idempotency-key", "k1")
        .send()
        .await
        .problem(409, "cart_empty");
    shop.order_as_guest(&cart)
        .header("idempotency-key", "k2")
        .send()
        .await
        .problem(409, "cart_empty");
    shop.order_as_guest(&cart)
        .send()
        .await
        .problem(409, "cart_empty");
}

#[tokio::test]
async fn concurrent_duplicates_make_one_order() {
    let shop = Shop::open().await;
    let variant = shop.peer.sell(1999, 100);
    for round in 0..3 {
        let person = shop.person(Role::Customer);
        let _ = shop.add(&person, variant, 2).await;
        let key = format!("key-{round}");
        let send = || {
            shop.order_as(&person)
                .header("idempotency-key", &key)
                .send()
        };
        let answers = futures::future::join_all((0..8).map(|_| send())).await;
        let bodies: Vec<String> = answers
            .into_iter()
            .map(|answer| answer.expect(201).text())
            .collect();
        assert!(bodies.iter().all(|body| *body == bodies[0]));
        assert_eq!(shop.count("orders").await, round + 1);
        assert_eq!(shop.peer.held().len() as i64, round + 1);
    }
    assert_eq!(shop.peer.available(variant), 100 - 6);
}

#[tokio::test]
async fn one_cart_becomes_one_order_whatever_the_keys() {
    let shop = Shop::open().await;
    let variant = shop.peer.sell(1999, 2);
    let person = shop.person(Role::Customer);
    let _ = shop.add(&person, variant, 2).await;
    let send = |n: usize| {
        let request = shop.order_as(&person);
        let request = if n.is_multiple_of(2) {
            request.header("idempotency-key", &format!("k{n}"))
        } else {
            request
        };
        request.send()
    };
    let answers = futures::future::join_all((0..8).map(send)).await;
    let (good, bad): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|answer| answer.status == 201);
    assert_eq!(good.len(), 1);
    for answer in bad {
        let problem = answer.expect(409).value();
        match problem["code"].as_str().unwrap() {
            "already_ordered" => assert_eq!(problem["order_id"], good[0].value()["id"]),
            "cart_empty" => {}
            other => panic!("{other}"),
        }
    }
    assert_eq!(
        (shop.count("orders").await, shop.count("payments").await),
        (1, 1)
    );
    assert_eq!(shop.peer.held(), [id(&good[0].value())]);
}

#[tokio::test]
async fn without_product_nothing_is_written() {
    let shop = Shop::open().await;
    let cart = shop.guest_cart(shop.peer.sell(1999, 7), 2).await;
    shop.peer.world().trouble = Trouble::Down;
    let answer = shop
        .order_as_guest(&cart)
        .header("idempotency-key", "k1")
        .send()
        .await;
    answer.problem(503, "unavailable");
    for table in [
        "orders",
        "payments",
        "order_items",
        "outbox",
        "idempotency_keys",
    ] {
        assert_eq!(shop.count(table).await, 0, "{table}");
    }
    shop.peer.world().trouble = Trouble::None;
    let _ = shop
        .order_as_guest(&cart)
        .header("idempotency-key", "k1")
        .expect(201)
        .await;
}

#[tokio::test]
async fn short_lines_are_named() {
    let shop = Shop::open().await;
    let (plenty, scarce) = (shop.peer.sell(100, 50), shop.peer.sell(100, 3));
    let cart = shop.guest_cart(plenty, 1).await;
    let _ = shop
        .client
        .post("/api/cart")
        .header("x-cart-token", &cart)
        .json(&json!({"variant_id": scarce, "quantity": 4}))
        .expect(200)
        .await;
    let problem = shop
        .order_as_guest(&cart)
        .send()
        .await
        .problem(409, "insufficient_stock");
    assert_eq!(
        problem["lines"],
        json!([{"variant_id": scarce, "requested": 4, "available": 3}])
    );
    assert_eq!(shop.count("orders").await, 0);
    shop.peer
        .world()
        .variants
        .get_mut(&scarce)
        .unwrap()
        .available = 4;
    let _ = shop.order_as_guest(&cart).expect(201).await;
}

#[tokio::test]
async fn a_crash_between_hold_and_commit_heals_with_one_hold_and_one_order() {
    let shop = Shop::open().await;
    let variant = shop.peer.sell(1999, 2);
    let cart = shop.guest_cart(variant, 2).await;
    shop.peer.world().trouble = Trouble::LosesAnswers;
    shop.order_as_guest(&cart)
        .header("idempotency-key", "k1")
        .send()
        .await
        .problem(503, "unavailable");
    let held = shop.peer.held();
    assert_eq!((held.len(), shop.peer.available(variant)), (1, 0));
    shop.peer.world().trouble = Trouble::None;
    // The repetition finds its own hold, although nothing is left for anybody else.
    let placed = shop
        .order_as_guest(&cart)
        .header("idempotency-key", "k1")
        .expect(201)
        .await
        .value();
    assert_eq!([id(&placed)].as_slice(), held);
    assert_eq!((shop.count("orders").await, shop.peer.held().len()), (1, 1));
}

#[tokio::test]
async fn after_a_crash_the_cart_may_change_and_the_hold_may_end() {
    let shop = Shop::open().await;
    let variant = shop.peer.sell(1999, 5);
    let cart = shop.guest_cart(variant, 2).await;
    shop.peer.world().trouble = Trouble::LosesAnswers;
    shop.order_as_guest(&cart)
        .send()
        .await
        .problem(503, "unavailable");
    shop.peer.world().trouble = Trouble::None;
    let _ = shop
        .client
        .post("/api/cart")
        .header("x-cart-token", &cart)
        .json(&json!({"variant_id": variant, "quantity": 1}))
        .expect(200)
        .await;
    let placed = shop.order_as_guest(&cart).expect(201).await.value();
    assert_eq!(placed["items"][0]["quantity"], 3);
    assert_eq!(
        shop.peer.held(),
        [id(&placed)],
        "the old hold was given back"
    );
    assert_eq!(shop.peer.available(variant), 2);

    let other = shop.guest_cart(variant, 1).await;
    shop.peer.world().trouble = Trouble::LosesAnswers;
    shop.order_as_guest(&other)
        .send()
        .await
        .problem(503, "unavailable");
    shop.peer.world().trouble = Trouble::None;
    for hold in shop
        .peer
        .world()
        .holds
        .values_mut()
        .filter(|hold| hold.lines.values().sum::<i32>() == 1)
    {
        hold.state = HoldState::Expired;
    }
    let _ = shop.order_as_guest(&other).expect(201).await;
}

#[tokio::test]
async fn another_total_than_expected_is_refused_and_the_hold_given_back() {
    let shop = Shop::open().await;
    let variant = shop.peer.sell(1000, 5);
    let cart = shop.guest_cart(variant, 1).await;
    let expect = |amount: i64| {
        let body = json!({"email": "guest@example.com", "shipping_address": address(), "expected_total": Money::new(amount, Currency::EUR)});
        shop.client
            .post("/api/orders")
            .header("x-cart-token", &cart)
            .header("idempotency-key", "k")
            .json(&body)
    };
    let problem = expect(1000).send().await.problem(409, "total_changed");
    assert_eq!(problem["total"], json!({"amount": 1680, "currency": "EUR"}));
    assert_eq!(
        (shop.peer.held().len(), shop.peer.available(variant)),
        (0, 5)
    );
    let _ = expect(1680).expect(201).await;
    assert_eq!(shop.peer.available(variant), 4);
}

#[tokio::test]
async fn a_hold_that_could_not_be_given_back_is_used_by_the_next_attempt() {
    let shop = Shop::open().await;
    let last = shop.peer.sell(1000, 1);
    let cart = shop.guest_cart(last, 1).await;
    shop.peer.world().trouble = Trouble::ReleasesNothing;
    let body = json!({"email": "guest@example.com", "shipping_address": address(), "expected_total": Money::new(1, Currency::EUR)});
    shop.client
        .post("/api/orders")
        .header("x-cart-token", &cart)
        .json(&body)
        .send()
        .await
        .problem(409, "total_changed");
    assert_eq!(shop.peer.held().len(), 1);

    shop.peer.world().trouble = Trouble::None;
    let order = shop.order_as_guest(&cart).expect(201).await.value();
    let held = shop.peer.held();
    assert_eq!(held.len(), 1);
    assert_eq!(order["id"], held[0].to_string());
}

#[tokio::test]
async fn a_bad_request_hears_of_every_field_and_an_empty_cart_of_itself() {
    let shop = Shop::open().await;
    let cart = shop.guest_cart(shop.peer.sell(100, 5), 1).await;
    let body = json!({"shipping_address": {"name": "", "line1": "x", "city": "x", "postal_code": "1", "country": "XX"}, "email": "nobody", "colour": 1});
    let problem = shop
        .client
        .post("/api/orders")
        .header("x-cart-token", &cart)
        .json(&body)
        .send()
        .await
        .problem(422, "validation_failed");
    let fields: Vec<&str> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["field"].as_str().unwrap())
        .collect();
    for field in [
        "shipping_address.name",
        "shipping_address.country",
        "email",
        "colour",
    ] {
        assert!(fields.contains(&field), "{field} in {fields:?}");
    }
    let problem = shop
        .client
        .post("/api/orders")
        .header("x-cart-token", &cart)
        .json(&json!({}))
        .send()
        .await
        .problem(422, "validation_failed");
    assert_eq!(problem["errors"].as_array().unwrap().len(), 2);
    let mut abroad = address();
    abroad["country"] = "US".into();
    let problem = shop
        .client
        .post("/api/orders")
        .header("x-cart-token", &cart)
        .json(&json!({"email": "nobody", "shipping_address": address(), "billing_address": abroad}))
        .send()
        .await
        .problem(422, "validation_failed");
    let errors = problem["errors"].as_array().unwrap().iter();
    let fields: Vec<_> = errors
        .map(|e| (e["field"].clone(), e["code"].clone()))
        .collect();
    assert_eq!(
        fields,
        [
            (json!("billing_address.region"), json!("required")),
            (json!("email"), json!("invalid")),
        ]
    );
    let method = json!({"email": "a@example.com", "shipping_address": address(), "shipping_method": "rocket"});
    shop.client
        .post("/api/orders")
        .header("x-cart-token", &cart)
        .json(&method)
        .send()
        .await
        .problem(422, "validation_failed");
    assert_eq!(shop.peer.held().len(), 0);
    shop.client
        .post("/api/orders")
        .json(&json!({"email": "a@example.com", "shipping_address": address()}))
        .send()
        .await
        .problem(409, "cart_empty");
    let person = shop.person(Role::Customer);
    shop.order_as(&person)
        .send()
        .await
        .problem(409, "cart_empty");
}

#[tokio::test]
async fn a_user_orders_to_a_saved_address() {
    let shop = Shop::open().await;
    let person = shop.person(Role::Customer);
    let saved: AddressId = Uuid::from_u128(5).into();
    let snapshot = serde_json::from_value(
        json!({"id": saved, "name": "Anna", "line1": "Way 2", "line2": null, "city": "Graz", "region": null,
        "postal_code": "8010", "country": "AT", "phone": null}),
    );
    shop.peer
        .world()
        .addresses
        .insert((person.id, saved), snapshot.unwrap());
    let _ = shop.add(&person, shop.peer.sell(1000, 5), 1).await;
    let post = |id: AddressId| {
        shop.client
            .post("/api/cart/checkout")
            .bearer(&person.token)
            .json(&json!({"shipping_address_id": id}))
    };
    post(Uuid::from_u128(6).into())
        .send()
        .await
        .problem(422, "validation_failed");
    let placed = post(saved).expect(201).await.value();
    assert_eq!(placed["shipping_address"]["city"], "Graz");
    assert_eq!(placed["tax"]["amount"], 200, "Austria's rate");
    assert_eq!(placed.get("guest_token"), None);
    assert_adds_up(&placed);
}

#[tokio::test]
async fn placing_takes_few_statements_however_many_lines() {
    let shop = Shop::open().await;
    let admin = shop.person(Role::Admin);
    let coupon = json!({"code": "TEN", "kind": "percent", "percent": 10, "usage_limit": 5, "per_customer_limit": 5});
    let _ = shop
        .client
        .post("/api/coupons")
        .bearer(&admin.token)
        .json(&coupon)
        .expect(201)
        .await;
    for lines in [1, 200] {
        let person = shop.person(Role::Customer);
        for _ in 0..lines {
            let _ = shop.add(&person, shop.peer.sell(100, 10), 1).await;
        }
        let _ = shop
            .client
            .post("/api/cart/coupon")
            .bearer(&person.token)
            .json(&json!({"code": "ten"}))
            .expect(200)
            .await;
        let answer = shop
            .order_as(&person)
            .header("idempotency-key", "k")
            .expect(201)
            .await;
        assert_eq!(answer.value()["items"].as_array().unwrap().len(), lines);
        assert!(
            (1..=16).contains(&answer.statement_count()),
            "{} statements for {lines} lines",
            answer.statement_count()
        );
        assert_adds_up(&answer.value());
    }
}

#[tokio::test]
async fn a_free_order_is_confirmed_at_once() {
    let shop = Shop::open().await;
    let admin = shop.person(Role::Admin);
    let _ = shop
        .client
        .post("/api/coupons")
        .bearer(&admin.token)
        .json(&json!({"code": "SHIP", "kind": "free_shipping"}))
        .expect(201)
        .await;
    let cart = shop.guest_cart(shop.peer.sell(0, 5), 1).await;
    let _ = shop
        .client
        .post("/api/cart/coupon")
        .header("x-cart-token", &cart)
        .json(&json!({"code": "SHIP"}))
        .expect(200)
        .await;
    let placed = shop.order_as_guest(&cart).expect(201).await.value();
    assert_eq!(
        (
            &placed["total"]["amount"],
            &placed["status"],
            &placed["payment_status"]
        ),
        (&json!(0), &json!("confirmed"), &json!("paid"))
    );
    assert_eq!(
        shop.outbox().await,
        [
            // The coupon.
            "staff.acted",
            "cart.checked_out",
            "order.created",
            "order.confirmed",
            "email.notification"
        ]
    );
    assert_eq!(
        shop.events("order.confirmed").await[0]["payment_id"],
        json!(null)
    );
    let path = format!("/api/orders/{}/events", placed["id"].as_str().unwrap());
    let timeline = shop
        .client
        .get(&path)
        .header("x-order-token", placed["guest_token"].as_str().unwrap())
        .expect(200)
        .await
        .value();
    let kinds: Vec<&str> = timeline["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["type"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["order.placed", "order.confirmed"]);
}

#[tokio::test]
async fn a_change_of_the_cart_during_checkout_is_not_lost() {
    let shop = Shop::open().await;
    let (a, b) = (shop.peer.sell(100, 1000), shop.peer.sell(100, 1000));
    for _ in 0..5 {
        let person = shop.person(Role::Customer);
        let _ = shop.add(&person, a, 1).await;
        let (placed, added) =
            futures::join!(shop.order_as(&person).send(), shop.add(&person, b, 1));
        let left = shop
            .client
            .get("/api/cart")
            .bearer(&person.token)
            .expect(200)
            .await
            .value();
        assert_eq!(added.status, 200);
        let ordered = placed.expect(201).value()["items"]
            .as_array()
            .unwrap()
            .len();
        // b is in the order, or in the cart after it: never in both, never in none.
        assert_eq!(ordered + left["items"].as_array().unwrap().len(), 2);
    }
    assert_eq!(shop.peer.held().len(), 5);
}
