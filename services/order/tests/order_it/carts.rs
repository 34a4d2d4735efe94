use auth_token::Role;
use serde_json::json;

use crate::peer::Trouble;
use crate::shop::Shop;

#[tokio::test]
async fn a_guest_fills_changes_and_empties_a_cart() {
    let shop = Shop::open().await;
    let (shirt, mug) = (shop.peer.sell(1999, 7), shop.peer.sell(500, 3));

    let empty = shop.client.get("/api/cart").expect(200).await.value();
    assert_eq!(
        (&empty["id"], &empty["items"], &empty["total"]["amount"]),
        (&json!(null), &json!([]), &json!(0))
    );

    let token = shop.guest_cart(shirt, 1).await;
    let add = |variant, quantity| {
        shop.client
            .post("/api/cart")
            .header("x-cart-token", &token)
            .json(&json!({"variant_id": variant, "quantity": quantity}))
    };
    let _ = add(mug, 1).expect(200).await;
    let answer = add(shirt, 1).expect(200).await;
    assert_eq!(answer.header("x-cart-token"), token);
    let cart = answer.value();
    assert_eq!(cart["items"].as_array().unwrap().len(), 2);
    assert_eq!(cart["items"][0]["quantity"], 2);
    assert_eq!(cart["items"][0]["available"], 7);
    assert_eq!(
        cart["items"][0]["line_total"],
        json!({"amount": 3998, "currency": "EUR"})
    );
    assert_eq!(cart["subtotal"]["amount"], 4498);
    assert_eq!(cart["shipping"]["amount"], 490);
    assert_eq!(cart["tax"]["amount"], 855);
    assert_eq!(cart["total"]["amount"], 4498 + 490 + 855);
    assert_eq!(cart["currency"], "EUR");

    // Prices are fresh at each reading.
    shop.peer.world().variants.get_mut(&shirt).unwrap().price =
        primitives::Money::new(3000, primitives::Currency::EUR);
    let item = cart["items"][0]["id"].as_str().unwrap();
    let changed = shop
        .client
        .patch(&format!("/api/cart/items/{item}"))
        .header("x-cart-token", &token)
        .json(&json!({"quantity": 3}))
        .expect(200)
        .await
        .value();
    assert_eq!(changed["items"][0]["line_total"]["amount"], 9000);
    assert_eq!(changed["shipping"]["amount"], 0);
    assert!(changed["version"].as_i64() > cart["version"].as_i64());

    let left = shop
        .client
        .delete(&format!("/api/cart/items/{item}"))
        .header("x-cart-token", &token)
        .expect(200)
        .await
        .value();
    assert_eq!(left["items"].as_array().unwrap().len(), 1);
    let _ = shop
        .client
        .delete("/api/cart")
        .header("x-cart-token", &token)
        .expect(204)
        .await;
    let cleared = shop
        .client
        .get("/api/cart")
        .header("x-cart-token", &token)
        .expect(200)
        .await
        .value();
    assert_eq!(
        (&cleared["items"], &cleared["id"]),
        (&json!([]), &cart["id"])
    );
}

#[tokio::test]
async fn bad_requests_name_what_is_wrong() {
    let shop = Shop::open().await;
    let variant = shop.peer.sell(100, 5);
    let post = |body| shop.client.post("/api/cart").json(&body).send();
    post(json!({"variant_id": variant, "quantity": 0}))
        .await
        .problem(422, "validation_failed");
    post(json!({"quantity": 1}))
        .await
        .problem(422, "validation_failed");
    post(json!({"variant_id": variant, "product_id": variant, "quantity": 1}))
        .await
        .problem(422, "validation_failed");
    let problem =
        post(json!({"variant_id": "00000000-0000-7000-8000-000000000000", "quantity": 1}))
            .await
            .problem(422, "validation_failed");
    assert_eq!(problem["errors"][0]["code"], "unknown");
    let token = shop.guest_cart(variant, 9999).await;
    let more = shop
        .client
        .post("/api/cart")
        .header("x-cart-token", &token)
        .json(&json!({"variant_id": variant, "quantity": 1}))
        .send()
        .await;
    assert_eq!(
        more.problem(422, "validation_failed")["errors"][0]["code"],
        "too_many"
    );
    let missing = "/api/cart/items/00000000-0000-7000-8000-000000000000";
    shop.client
        .patch(missing)
        .header("x-cart-token", &token)
        .json(&json!({"quantity": 1}))
        .send()
        .await
        .problem(404, "not_found");
    shop.client
        .delete(missing)
        .header("x-cart-token", &token)
        .send()
        .await
        .problem(404, "not_found");
    shop.client
        .delete(missing)
        .send()
        .await
        .problem(404, "not_found");
}

#[tokio::test]
async fn a_product_with_one_variant_can_be_added_by_its_id() {
    let shop = Shop::open().await;
    let variant = shop.peer.sell(100, 5);
    let product = shop.peer.world().variants[&variant].product_id;
    let cart = shop
        .client
        .post("/api/cart")
        .json(&json!({"product_id": product, "quantity": 2}))
        .expect(200)
        .await
        .value();
    assert_eq!(cart["items"][0]["variant_id"], json!(variant));

    let sibling = shop.peer.sell(100, 5);
    shop.peer
        .world()
        .variants
        .get_mut(&sibling)
        .unwrap()
        .product_id = product;
    let problem = shop
        .client
        .post("/api/cart")
        .json(&json!({"product_id": product, "quantity": 2}))
        .send()
        .await
        .problem(422, "validation_failed");
    assert_eq!(problem["errors"][0]["code"], "several_variants");
}

#[tokio::test]
async fn what_is_no_longer_sold_stays_visible_and_costs_nothing() {
    let shop = Shop::open().await;
    let variant = shop.peer.sell(100, 5);
    let token = shop.guest_cart(variant, 2).await;
    shop.peer.world().variants.get_mut(&variant).unwrap().active = false;
    let cart = shop
        .client
        .get("/api/cart")
        .header("x-cart-token", &token)
        .expect(200)
        .await
        .value();
    assert_eq!(
        (&cart["items"][0]["available"], &cart["total"]["amount"]),
        (&json!(0), &json!(0))
    );
}

#[tokio::test]
async fn concurrent_adds_lose_nothing() {
    let shop = Shop::open().await;
    let variants: Vec<_> = (0..5).map(|_| shop.peer.sell(100, 1000)).collect();
    let person = shop.person(Role::Customer);
    // Also the first adds race: one cart is made.
    let adds = (0..30).map(|n| shop.add(&person, variants[n % 5], 2));
    let _ = futures::future::join_all(adds).await;
    let cart = shop
        .client
        .get("/api/cart")
        .bearer(&person.token)
        .expect(200)
        .await
        .value();
    let quantities: Vec<i64> = cart["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["quantity"].as_i64().unwrap())
        .collect();
    assert_eq!(quantities, [12; 5]);
    assert_eq!(shop.count("carts").await, 1);
}

#[tokio::test]
async fn a_guests_cart_is_merged_once_at_the_first_signed_in_use() {
    let shop = Shop::open().await;
    let (a, b) = (shop.peer.sell(100, 50), shop.peer.sell(200, 50));
    let person = shop.person(Role::Customer);
    let _ = shop.add(&person, a, 1).await;
    let token = shop.guest_cart(a, 2).await;
    let _ = shop
        .client
        .post("/api/cart")
        .header("x-cart-token", &token)
        .json(&json!({"variant_id": b, "quantity": 5}))
        .expect(200)
        .await;

    // Several first uses at once, as of a page that loads.
    let read = || {
        shop.client
            .get("/api/cart")
            .bearer(&person.token)
            .header("x-cart-token", &token)
            .expect(200)
    };
    let answers = futures::future::join_all((0..6).map(|_| read())).await;
    let again = read().await;
    for cart in [answers.last().unwrap().value(), again.value()] {
        let mut quantities: Vec<_> = cart["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|i| (i["variant_id"].clone(), i["quantity"].as_i64().unwrap()))
            .collect();
        quantities.sort_by_key(|(_, quantity)| *quantity);
        assert_eq!(quantities, [(json!(a), 3), (json!(b), 5)]);
    }
    assert_eq!(again.header("x-cart-token"), "");
    let old = shop
        .client
        .get("/api/cart")
        .header("x-cart-token", &token)
        .expect(200)
        .await
        .value();
    assert_eq!(old["items"], json!([]), "the guest's cart is gone");

    // A closed token begins a new cart under another one, and strange tokens are not taken over.
    for stale in [
        token.as_str(),
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ] {
        let fresh = shop
            .client
            .post("/api/cart")
            .header("x-cart-token", stale)
            .json(&json!({"variant_id": b, "quantity": 1}))
            .expect(200)
            .await;
        assert_ne!(fresh.header("x-cart-token"), stale);
        assert_eq!(fresh.header("x-cart-token").len(), 43);
    }
}

#[tokio::test]
async fn adding_takes_few_statements_and_one_call_however_many_lines() {
    let shop = Shop::open().await;
    let person = shop.person(Role::Customer);
    let guest = shop.guest_cart(shop.peer.sell(100, 10), 1).await;
    for lines in [1, 400] {
        let variants: Vec<_> = (0..lines).map(|_| shop.peer.sell(100, 10)).collect();
        for variant in &variants {
            let _ = shop.add(&person, *variant, 1).await;
        }
        let before = shop.peer.world().lookups;
        let last = shop
            .client
            .post("/api/cart")
            .bearer(&person.token)
            .header("x-cart-token", &guest);
        let answer = last
            .json(&json!({"variant_id": variants[0], "quantity": 1}))
            .expect(200)
            .await;
        assert!(answer.value()["items"].as_array().unwrap().len() >= lines);
        // The first of these merges the guest's cart besides.
        if lines == 400 {
            assert!(
                answer.statement_count() <= 8,
                "{} statements for {lines} lines",
                answer.statement_count()
            );
        }
        let plain = shop.add(&person, variants[0], 1).await;
        assert!(
            (1..=8).contains(&plain.statement_count()),
            "{} statements for {lines} lines",
            plain.statement_count()
        );
        assert_eq!(shop.peer.world().lookups, before + 2, "one call each");
    }
}

#[tokio::test]
async fn without_product_the_cart_is_unavailable_and_unharmed() {
    let shop = Shop::open().await;
    let variant = shop.peer.sell(100, 5);
    let token = shop.guest_cart(variant, 2).await;
    shop.peer.world().trouble = Trouble::Down;
    shop.client
        .get("/api/cart")
        .header("x-cart-token", &token)
        .send()
        .await
        .problem(503, "unavailable");
    let add = shop
        .client
        .post("/api/cart")
        .header("x-cart-token", &token)
        .json(&json!({"variant_id": variant, "quantity": 1}));
    add.send().await.problem(503, "unavailable");
    shop.peer.world().trouble = Trouble::None;
    let cart = shop
        .client
        .get("/api/cart")
        .header("x-cart-token", &token)
        .expect(200)
        .await
        .value();
    assert_eq!(cart["items"][0]["quantity"], 2);
}

#[tokio::test]
async fn an_addition_that_is_repeated_after_the_order_adds_nothing() {
    let shop = Shop::open().await;
    let anna = shop.person(Role::Customer);
    let variant = shop.peer.sell(1000, 100);
    let add = || {
        shop.client
            .post("/api/cart")
            .bearer(&anna.token)
            .header("idempotency-key", "once-and-for-all")
            .json(&json!({"variant_id": variant, "quantity": 1}))
            .expect(200)
    };
    let _ = add().await;
    let _ = shop.order_as(&anna).expect(201).await;
    let again = add().await.value();
    assert_eq!(again["items"], json!([]));
}
