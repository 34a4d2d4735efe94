//! An account's whole life: a guest's order finds it, its data comes along, and it goes.

use serde_json::json;

use crate::shop::{PASSWORD, PATIENCE, Shop, address, unique};

#[tokio::test]
async fn a_guests_order_is_claimed_exported_and_the_account_leaves() {
    let shop = Shop::open();
    let admin = shop.admin().await;
    let seller = shop.seller(&admin).await;
    let product = shop.put_on_sale(&seller, &admin, 3).await;
    let cart = shop
        .client
        .post("/api/cart")
        .json(&json!({ "product_id": product.id, "quantity": 1 }))
        .expect(200)
        .await;
    let email = format!("guest-{}@example.com", unique());
    let placed = shop
        .client
        .post("/api/orders")
        .header("x-cart-token", cart.header("x-cart-token"))
        .json(&json!({ "email": email, "shipping_address": address() }))
        .expect(201)
        .await
        .value();

    let body = json!({ "email": email, "password": PASSWORD, "name": "Guest" });
    let _ = shop
        .client
        .post("/api/auth/register")
        .json(&body)
        .expect(201)
        .await;
    let person = shop.sign_in(&email, PASSWORD).await;
    let orders = async || {
        let list = shop.client.get("/api/orders").bearer(&person.token);
        list.expect(200).await.value()["data"].clone()
    };
    assert_eq!(orders().await, json!([]), "not verified yet");
    let mail = shop.mail_to(&email, "confirm your e-mail").await;
    let text = mail["text"].as_str().unwrap();
    let token: String = text
        .split_once("verify-email?token=")
        .unwrap_or_else(|| panic!("no link in {text}"))
        .1
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c))
        .collect();
    let _ = shop
        .client
        .post("/api/auth/email/verify")
        .json(&json!({ "token": token }))
        .send()
        .await;
    testkit::eventually_within(PATIENCE, "the order is theirs", async || {
        (orders().await[0]["id"] == placed["id"]).then_some(())
    })
    .await;

    let export = shop
        .client
        .get("/api/users/me/export")
        .bearer(&person.token)
        .expect(200)
        .await
        .value();
    assert_eq!(export["account"]["email"], *email);
    assert_eq!(export["orders"][0]["id"], placed["id"]);
    assert_eq!(export["reviews"], json!([]));

    let _ = shop
        .client
        .delete("/api/users/me")
        .bearer(&person.token)
        .expect(202)
        .await;
    testkit::eventually("order refuses the token", async || {
        let answer = shop.client.get("/api/orders").bearer(&person.token).send();
        (answer.await.status == 401).then_some(())
    })
    .await;
    // Coming back keeps the account, and all that is its own.
    let back = shop.sign_in(&email, PASSWORD).await;
    assert_eq!(back.id, person.id);
    let list = shop.client.get("/api/orders").bearer(&back.token);
    assert_eq!(
        list.expect(200).await.value()["data"][0]["id"],
        placed["id"]
    );
}
