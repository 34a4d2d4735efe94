//! After the sale: parcels, refunds, cancellations.

use serde_json::json;

use crate::panel::Panel;
use crate::shop::{Shop, becomes, on_hand};

#[tokio::test]
async fn staff_ship_in_two_parcels_and_the_order_completes() {
    let shop = Shop::open();
    let admin = shop.admin().await;
    let seller = shop.seller(&admin).await;
    let product = shop.put_on_sale(&seller, &admin, 5).await;
    let customer = shop.register("Bruno").await;
    let order = shop.buy(&customer, &product, 3).await;
    let id = order["id"].as_str().unwrap();

    let first = json!({
        "items": [{ "order_item_id": order["items"][0]["id"], "quantity": 1 }],
        "carrier": "DHL", "tracking_number": "00340434000000000001",
    });
    let path = format!("/api/orders/{id}/shipments");
    shop.client
        .post(&path)
        .bearer(&customer.token)
        .json(&first)
        .send()
        .await
        .problem(403, "forbidden");
    let parcel = shop
        .client
        .post(&path)
        .bearer(&admin.token)
        .json(&first)
        .expect(201)
        .await
        .value();
    let seen = shop
        .client
        .get(&format!("/api/orders/{id}"))
        .bearer(&customer.token)
        .expect(200)
        .await
        .value();
    assert_eq!(seen["fulfillment_status"], "partially_shipped");

    // The rest in the panel, with a form.
    let panel = Panel::sign_in(&shop).await;
    let page = format!("/admin/orders/{id}");
    let fields = [
        ("quantity", "2"),
        ("carrier", "GLS"),
        ("tracking_number", "GLS-42"),
    ];
    let form = format!("{page}/ship");
    let done = panel.submit(&form, &form, &fields).await;
    assert_eq!(done.status, 303, "{}", done.text());
    assert!(panel.page(&page).await.contains("GLS-42"));
    assert!(panel.page(&page).await.contains("shipped"));

    let deliver = format!("/api/shipments/{}/deliver", parcel["id"].as_str().unwrap());
    shop.client
        .post(&deliver)
        .bearer(&admin.token)
        .expect(200)
        .await;
    let done = panel.submit(&page, &format!("{page}/deliver"), &[]).await;
    assert_eq!(done.status, 303, "{}", done.text());
    let get = |path: &str| shop.client.get(path).bearer(&customer.token);
    let order = becomes("the order completes", id, get, |order| {
        order["status"] == "completed"
    })
    .await;
    assert_eq!(order["fulfillment_status"], "delivered");
}

#[tokio::test]
async fn refunds_stop_at_what_was_paid() {
    let shop = Shop::open();
    let admin = shop.admin().await;
    let seller = shop.seller(&admin).await;
    let product = shop.put_on_sale(&seller, &admin, 5).await;
    let customer = shop.register("Chiara").await;
    let order = shop.buy(&customer, &product, 1).await;
    let id = order["id"].as_str().unwrap();
    let total = order["total"]["amount"].as_i64().unwrap();

    let path = format!(
        "/api/payments/{}/refund",
        order["payment_id"].as_str().unwrap()
    );
    let refund = |cents: i64| {
        let body = json!({ "amount": { "amount": cents, "currency": "EUR" }, "reason": "It arrived scratched" });
        shop.client.post(&path).json(&body)
    };
    refund(500)
        .bearer(&customer.token)
        .send()
        .await
        .problem(403, "forbidden");
    let accepted = refund(500).bearer(&admin.token).expect(202).await.value();
    assert_eq!(accepted["refund"]["amount"]["amount"], 500);
    let get = |path: &str| shop.client.get(path).bearer(&customer.token);
    becomes("a part is back", id, get, |order| {
        order["payment_status"] == "partially_refunded"
    })
    .await;
    refund(total - 499)
        .bearer(&admin.token)
        .send()
        .await
        .problem(409, "refund_exceeds_payment");
    refund(total - 500).bearer(&admin.token).expect(202).await;
    becomes("all is back", id, get, |order| {
        order["payment_status"] == "refunded"
    })
    .await;
    refund(1)
        .bearer(&admin.token)
        .send()
        .await
        .problem(409, "refund_exceeds_payment");
}

#[tokio::test]
async fn a_cancelled_order_gives_back_money_and_stock() {
    let shop = Shop::open();
    let admin = shop.admin().await;
    let seller = shop.seller(&admin).await;
    let product = shop.put_on_sale(&seller, &admin, 4).await;
    let customer = shop.register("Dmitri").await;
    let order = shop.buy(&customer, &product, 3).await;
    let id = order["id"].as_str().unwrap();
    assert_eq!(on_hand(&product).await, 1);

    let cancel = shop
        .client
        .put(&format!("/api/orders/{id}/cancel"))
        .bearer(&customer.token);
    let cancelled = cancel
        .json(&json!({ "reason": "Changed my mind" }))
        .expect(200)
        .await
        .value();
    assert_eq!(cancelled["status"], "cancelled");
    let get = |path: &str| shop.client.get(path).bearer(&customer.token);
    becomes("the money is back", id, get, |order| {
        order["payment_status"] == "refunded"
    })
    .await;
    testkit::eventually("the stock is back", async || {
        (on_hand(&product).await == 4).then_some(())
    })
    .await;

    // Before it was paid there is only the reservation to let go.
    let line = json!({ "variant_id": product.variant_id, "quantity": 4 });
    shop.client
        .post("/api/cart")
        .bearer(&customer.token)
        .json(&line)
        .expect(200)
        .await;
    let body = json!({ "shipping_address": crate::shop::address() });
    let order = shop
        .client
        .post("/api/orders")
        .bearer(&customer.token)
        .json(&body)
        .expect(201)
        .await
        .value();
    let id = order["id"].as_str().unwrap();
    shop.client
        .put(&format!("/api/orders/{id}/cancel"))
        .bearer(&customer.token)
        .json(&json!({}))
        .expect(200)
        .await;
    assert_eq!(on_hand(&product).await, 4);
    let pay = json!({ "method": "card", "test_payment_method": "pm_card_visa" });
    let pay = shop
        .client
        .post(&format!("/api/orders/{id}/payment"))
        .bearer(&customer.token)
        .json(&pay)
        .send()
        .await;
    assert_eq!(pay.status, 409, "{}", pay.text());
}
