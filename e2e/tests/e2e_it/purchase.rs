//! The main job: somebody buys something, through nginx and every hop behind it.

use serde_json::{Value, json};

use crate::panel::Panel;
use crate::shop::{OnSale, PASSWORD, PATIENCE, Shop, address, confirmed, on_hand, unique};

#[tokio::test]
async fn people_register_sign_in_refresh_and_sign_out() {
    let shop = Shop::open();
    let person = shop.register("Ada").await;
    let me = shop
        .client
        .get("/api/users/me")
        .bearer(&person.token)
        .expect(200)
        .await
        .value();
    assert_eq!(
        (&me["id"], &me["role"]),
        (&json!(person.id), &json!("customer"))
    );
    shop.client
        .get("/api/users/me")
        .send()
        .await
        .problem(401, "unauthenticated");

    let wrong = json!({ "email": person.email, "password": "walnut-harbour-drifts-twelve" });
    shop.client
        .post("/api/auth/login")
        .json(&wrong)
        .send()
        .await
        .problem(401, "invalid_credentials");
    let again = shop.sign_in(&person.email, PASSWORD).await;

    let refresh = |token: &str| {
        shop.client
            .post("/api/auth/refresh")
            .json(&json!({ "refresh_token": token }))
    };
    let tokens = refresh(&again.refresh_token).expect(200).await.value()["tokens"].clone();
    let fresh = tokens["access_token"].as_str().unwrap().to_owned();
    shop.client
        .get("/api/users/me")
        .bearer(&fresh)
        .expect(200)
        .await;

    shop.client
        .post("/api/auth/logout")
        .bearer(&fresh)
        .expect(204)
        .await;
    // Every service learns of it within a second.
    testkit::eventually("the token is refused", async || {
        let answer = shop.client.get("/api/users/me").bearer(&fresh).send().await;
        (answer.status == 401).then(|| answer.problem(401, "token_revoked"))
    })
    .await;
    testkit::eventually("order refuses the token too", async || {
        let answer = shop.client.get("/api/orders").bearer(&fresh).send().await;
        (answer.status == 401).then(|| answer.problem(401, "token_revoked"))
    })
    .await;
    assert_eq!(
        refresh(tokens["refresh_token"].as_str().unwrap())
            .send()
            .await
            .status,
        401
    );
    // The other session goes on.
    shop.client
        .get("/api/users/me")
        .bearer(&person.token)
        .expect(200)
        .await;
}

#[tokio::test]
async fn what_a_seller_makes_and_staff_approve_is_found() {
    let shop = Shop::open();
    let admin = shop.admin().await;
    let seller = shop.seller(&admin).await;
    let product = shop.put_on_sale(&seller, &admin, 7).await;

    let by_slug = shop
        .client
        .get(&format!("/api/products/{}", product.slug))
        .expect(200)
        .await
        .value();
    assert_eq!(by_slug["id"], *product.id);
    assert_eq!(by_slug["variants"][0]["available"], 7);
    assert_eq!(
        by_slug["price"]["min"],
        json!({ "amount": 1999, "currency": "EUR" })
    );

    let word = product.title.rsplit(' ').next().unwrap();
    let found = shop
        .client
        .get(&format!("/api/products?q={word}"))
        .expect(200)
        .await
        .value();
    assert_eq!(found["data"][0]["id"], *product.id, "{found}");
    let listed = shop
        .client
        .get(&format!("/api/products?seller={}&sort=newest", seller.id))
        .expect(200)
        .await
        .value();
    assert_eq!(listed["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_customer_buys() {
    let shop = Shop::open();
    let admin = shop.admin().await;
    let seller = shop.seller(&admin).await;
    let product = shop.put_on_sale(&seller, &admin, 10).await;
    let customer = shop.register("Emma").await;

    // The cart begins as a guest's and becomes the customer's.
    let add = |quantity: u32| json!({ "variant_id": product.variant_id, "quantity": quantity });
    let answer = shop
        .client
        .post("/api/cart")
        .json(&add(1))
        .expect(200)
        .await;
    let cart_token = answer.header("x-cart-token").to_owned();
    assert!(!cart_token.is_empty());
    let cart = shop
        .client
        .post("/api/cart")
        .bearer(&customer.token)
        .header("x-cart-token", &cart_token)
        .json(&add(1))
        .expect(200)
        .await
        .value();
    assert_eq!(cart["items"][0]["quantity"], 2, "{cart}");
    assert_eq!(cart["subtotal"]["amount"], 3998);

    let address = shop
        .client
        .post("/api/users/me/addresses")
        .bearer(&customer.token)
        .json(&address())
        .expect(201)
        .await
        .value();
    let key = unique();
    let place = |total: &Value| {
        shop.client
            .post("/api/orders")
            .bearer(&customer.token)
            .header("idempotency-key", &key)
            .json(&json!({ "shipping_address_id": address["id"], "expected_total": total }))
    };
    let order = place(&cart["total"]).expect(201).await.value();
    assert_eq!(
        (&order["status"], &order["payment_status"]),
        (&json!("pending"), &json!("unpaid"))
    );
    assert_eq!(order["total"], cart["total"]);
    let again = place(&cart["total"]).expect(201).await.value();
    assert_eq!(again["id"], order["id"], "the same key gets the same order");
    place(&json!({ "amount": 1, "currency": "EUR" }))
        .send()
        .await
        .problem(422, "idempotency_key_reused");
    // The stock is reserved.
    shows_available(&shop, &product, 8).await;

    let id = order["id"].as_str().unwrap();
    let pay = |card: &str| {
        shop.client
            .post(&format!("/api/orders/{id}/payment"))
            .bearer(&customer.token)
            .json(&json!({ "method": "card", "test_payment_method": card }))
    };
    let payment = pay("pm_card_visa").expect(200).await.value();
    assert_eq!(payment["payment"]["amount"], order["total"]);
    assert!(payment["client_secret"].is_string() && payment["publishable_key"].is_string());

    let paid = confirmed(id, |path| shop.client.get(path).bearer(&customer.token)).await;
    assert_eq!(paid["payment_status"], "paid");
    assert_eq!(on_hand(&product).await, 8, "sold");
    shows_available(&shop, &product, 8).await;

    let mail = shop
        .mail_to(&customer.email, order["number"].as_str().unwrap())
        .await;
    assert!(
        mail["text"].as_str().unwrap().contains(&product.title),
        "{mail}"
    );

    let timeline = shop
        .client
        .get(&format!("/api/orders/{id}/events"))
        .bearer(&customer.token)
        .expect(200)
        .await
        .value();
    assert!(
        timeline["data"].as_array().unwrap().len() >= 3,
        "placed, paid, confirmed: {timeline}"
    );
    let mine = shop
        .client
        .get("/api/orders")
        .bearer(&customer.token)
        .expect(200)
        .await
        .value();
    assert_eq!(mine["data"][0]["id"], order["id"]);
    let stranger = shop.register("Mallory").await;
    shop.client
        .get(&format!("/api/orders/{id}"))
        .bearer(&stranger.token)
        .send()
        .await
        .problem(404, "not_found");

    // Now that it is theirs, they may say what they think of it.
    let review = json!({ "rating": 5, "title": "Carries everything", "body": "Breakfast in bed has become a habit." });
    let path = format!("/api/products/{}/reviews", product.id);
    shop.client
        .post(&path)
        .bearer(&stranger.token)
        .json(&review)
        .send()
        .await
        .problem(403, "not_a_buyer");
    testkit::eventually_within(PATIENCE, "the buyer may review", async || {
        let answer = shop
            .client
            .post(&path)
            .bearer(&customer.token)
            .json(&review)
            .send()
            .await;
        (answer.status == 201).then_some(())
    })
    .await;

    staff_see(&shop, &order, &product).await;
}

#[tokio::test]
async fn a_guest_buys_with_a_second_card() {
    let shop = Shop::open();
    let admin = shop.admin().await;
    let seller = shop.seller(&admin).await;
    let product = shop.put_on_sale(&seller, &admin, 3).await;

    let answer = shop
        .client
        .post("/api/cart")
        .json(&json!({ "product_id": product.id, "quantity": 3 }))
        .expect(200)
        .await;
    let cart_token = answer.header("x-cart-token").to_owned();
    let email = format!("guest-{}@example.com", unique());
    let placed = shop
        .client
        .post("/api/orders")
        .header("x-cart-token", &cart_token)
        .header("idempotency-key", &unique())
        .json(&json!({ "email": email, "shipping_address": address() }))
        .expect(201)
        .await
        .value();
    let (id, token) = (
        placed["id"].as_str().unwrap(),
        placed["guest_token"].as_str().unwrap(),
    );
    shop.client
        .get(&format!("/api/orders/{id}"))
        .send()
        .await
        .problem(404, "not_found");

    let pay = |card: &str| {
        shop.client
            .post(&format!("/api/orders/{id}/payment"))
            .header("x-order-token", token)
            .json(&json!({ "method": "card", "test_payment_method": card }))
    };
    let declined = pay("pm_card_chargeDeclined").send().await;
    assert!(
        declined.status == 200 || declined.status == 402,
        "{}: {}",
        declined.status,
        declined.text()
    );
    testkit::eventually_within(PATIENCE, "the payment has failed", async || {
        let order = shop
            .client
            .get(&format!("/api/orders/{id}"))
            .header("x-order-token", token)
            .expect(200)
            .await
            .value();
        (order["payment_status"] == "failed").then_some(())
    })
    .await;
    pay("pm_card_visa").expect(200).await;
    confirmed(id, |path| {
        shop.client.get(path).header("x-order-token", token)
    })
    .await;
    assert_eq!(on_hand(&product).await, 0);

    let mail = shop
        .mail_to(&email, placed["number"].as_str().unwrap())
        .await;
    let text = mail["text"].as_str().unwrap();
    assert!(
        text.contains(&format!("/orders/{id}?token=")),
        "the guest's link: {text}"
    );
    let opened = shop
        .client
        .get(&format!("/api/products/{}", product.id))
        .expect(200)
        .await
        .value();
    assert_eq!(opened["in_stock"], false);
}

/// Waits until the product's page says that so many can be had; a cache on the way may lag a little.
async fn shows_available(shop: &Shop, product: &OnSale, units: i64) {
    let path = format!("/api/products/{}", product.id);
    testkit::eventually(&format!("{units} units can be had"), async || {
        let shown = shop.client.get(&path).expect(200).await.value();
        (shown["variants"][0]["available"] == units).then_some(())
    })
    .await;
}

/// Staff sign in with a form, as a browser does, and see the order.
async fn staff_see(shop: &Shop, order: &Value, product: &OnSale) {
    let id = order["id"].as_str().unwrap();
    let page = format!("/admin/orders/{id}");
    let sent_away = shop.client.get(&page).expect(303).await;
    assert!(
        sent_away.header("location").starts_with("/admin/login"),
        "{}",
        sent_away.header("location")
    );
    let forged = shop
        .client
        .post("/admin/login")
        .header("origin", shop.stack.base_url());
    let forged = forged
        .form(&[
            ("csrf", "guessed"),
            ("email", "a@example.com"),
            ("password", "b"),
        ])
        .send()
        .await;
    assert_eq!(
        forged.status,
        403,
        "a form without the cookie: {}",
        forged.text()
    );

    let panel = Panel::sign_in(shop).await;
    let shown = panel.page(&page).await;
    for expected in [
        order["number"].as_str().unwrap(),
        &product.title,
        "Timeline",
        "paid",
    ] {
        assert!(
            shown.contains(expected),
            "the order's page does not show {expected:?}"
        );
    }
    let list = panel.page("/admin/orders").await;
    assert!(list.contains(order["number"].as_str().unwrap()));
    panel.page("/admin").await;
}
