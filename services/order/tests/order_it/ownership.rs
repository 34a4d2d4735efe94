//! Every operation of the document that names something, tried on somebody else's.

use auth_token::Role;
use serde_json::{Value, json};

use crate::authorisation::cases;
use crate::shop::{Person, Shop};

/// Somebody's things, of every kind there is.
struct Belongings {
    order: String,
    payment: String,
    shipment: String,
    returned: String,
    refund: String,
    card: String,
    cart_item: String,
    order_item: String,
}

impl Belongings {
    /// What an operation's `{…}` stands for. A new kind of thing belongs here, or among those that have no owner.
    fn fill(&self, path: &str) -> String {
        // Staff's, and nobody else's: any id will do.
        const NOBODYS: [&str; 5] = [
            "/api/coupons/",
            "/api/promotions/",
            "/api/shipping-methods/",
            "/api/tax-rates/",
            "/api/disputes/",
        ];
        let id = if path.starts_with("/api/orders/") {
            &self.order
        } else if path.starts_with("/api/payments/") {
            &self.payment
        } else if path.starts_with("/api/shipments/") {
            &self.shipment
        } else if path.starts_with("/api/returns/") {
            &self.returned
        } else if path.starts_with("/api/refunds/") {
            &self.refund
        } else if path.starts_with("/api/payment-methods/") {
            &self.card
        } else if path.starts_with("/api/cart/items/") {
            &self.cart_item
        } else if NOBODYS.iter().any(|prefix| path.starts_with(prefix)) {
            &self.order_item
        } else {
            panic!("whose is {path}?")
        };
        path.replace("{id}", id)
            .replace("{code}", "standard")
            .replace("{tag}", "vip")
            .replace("{number}", "INV-0000001")
    }
}

async fn belongings(shop: &Shop, owner: &Person, staff: &Person) -> Belongings {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let variant = shop.peer.sell(1000, 100);
    let order = shop.placed(owner, variant, 3).await;
    let body = json!({"method": "card", "save_card": true, "test_payment_method": "pm_card_visa"});
    let _ = shop
        .client
        .post(&format!("/api/orders/{}/payment", text(&order["id"])))
        .bearer(&owner.token)
        .json(&body)
        .expect(200)
        .await;
    let body = json!({"carrier": "DHL", "tracking_number": "1", "items": [{"order_item_id": order["items"][0]["id"], "quantity": 1}]});
    let _ = shop
        .client
        .post(&format!("/api/orders/{}/shipments", text(&order["id"])))
        .bearer(&staff.token)
        .json(&body)
        .expect(201)
        .await;
    let refund = shop
        .refund(
            staff,
            &order,
            json!({"amount": {"amount": 100, "currency": "EUR"}}),
        )
        .await
        .expect(202)
        .value();
    let card = cards(shop, owner).await[0].clone();
    let wish = json!({"items": [{"order_item_id": order["items"][0]["id"], "quantity": 1, "reason": "unwanted"}]});
    let returned = shop
        .client
        .post(&format!("/api/orders/{}/returns", text(&order["id"])))
        .bearer(&owner.token)
        .json(&wish)
        .expect(201)
        .await
        .value();
    let cart = shop.add(owner, variant, 2).await.value();
    let shipment: String =
        sqlx::query_scalar("SELECT id::text FROM shipments WHERE order_id = $1::uuid")
            .bind(text(&order["id"]))
            .fetch_one(&shop.pool)
            .await
            .unwrap();
    Belongings {
        order: text(&order["id"]),
        payment: text(&order["payment_id"]),
        shipment,
        returned: text(&returned["id"]),
        refund: text(&refund["refund"]["id"]),
        card: text(&card["id"]),
        cart_item: text(&cart["items"][0]["id"]),
        order_item: text(&order["items"][0]["id"]),
    }
}

async fn cards(shop: &Shop, person: &Person) -> Value {
    let cards = shop
        .client
        .get("/api/payment-methods")
        .bearer(&person.token);
    cards.expect(200).await.value()["data"].clone()
}

/// All that is kept of orders and carts.
async fn everything(shop: &Shop) -> Value {
    sqlx::query_scalar(
        "SELECT jsonb_build_array(
           (SELECT jsonb_agg(o ORDER BY o.id) FROM orders o), (SELECT jsonb_agg(i ORDER BY i.id) FROM order_items i),
           (SELECT jsonb_agg(p ORDER BY p.id) FROM payments p), (SELECT jsonb_agg(r ORDER BY r.id) FROM refunds r),
           (SELECT jsonb_agg(s ORDER BY s.id) FROM shipments s), (SELECT jsonb_agg(t ORDER BY t.id) FROM returns t),
           (SELECT jsonb_agg(e ORDER BY e.id) FROM order_events e),
           (SELECT jsonb_agg(c ORDER BY c.id) FROM cart_items c))",
    )
    .fetch_one(&shop.pool)
    .await
    .unwrap()
}

pub(crate) async fn nothing_is_told_and_nothing_changes() {
    let shop = Shop::open().await;
    let (owner, staff) = (shop.person(Role::Customer), shop.person(Role::Admin));
    let things = belongings(&shop, &owner, &staff).await;
    // Strangers have orders and carts themselves, and so tokens that are good for something.
    let (customer, seller) = (shop.person(Role::Customer), shop.person(Role::Seller));
    let variant = shop.peer.sell(100, 100);
    let _ = shop.placed(&customer, variant, 1).await;
    let cart = shop.guest_cart(variant, 1).await;
    let guest = shop.order_as_guest(&cart).expect(201).await.value();
    let order_token = guest["guest_token"].as_str().unwrap().to_owned();
    let other_cart = shop.guest_cart(variant, 1).await;
    let strangers: [(&str, Vec<(&str, String)>); 5] = [
        ("nobody", vec![]),
        (
            "another customer",
            vec![("authorization", format!("Bearer {}", customer.token))],
        ),
        (
            "a seller",
            vec![("authorization", format!("Bearer {}", seller.token))],
        ),
        (
            "a guest with tokens",
            vec![
                ("x-order-token", order_token.clone()),
                ("x-cart-token", other_cart.clone()),
            ],
        ),
        (
            "a customer with a guest's tokens",
            vec![
                ("authorization", format!("Bearer {}", customer.token)),
                ("x-order-token", order_token),
                ("x-cart-token", other_cart),
            ],
        ),
    ];
    let before = everything(&shop).await;
    let mut tried = 0;
    for case in cases() {
        let (method, path) = case.operation.split_once(' ').unwrap();
        if !path.contains('{') {
            continue;
        }
        let path = things.fill(path);
        for (who, headers) in &strangers {
            let mut request = shop.client.request(method.parse().unwrap(), &path);
            for (name, value) in headers {
                request = request.header(name, value);
            }
            if !case.body.is_null() {
                let body = case
                    .body
                    .to_string()
                    .replace("VARIANT", &variant.to_string());
                request = request
                    .header("content-type", "application/json")
                    .body(body);
            }
            let answer = request.send().await;
            assert!(
                [401, 403, 404].contains(&answer.status),
                "{} as {who}: {} {}",
                case.operation,
                answer.status,
                answer.text()
            );
            let text = answer.text();
            let email = format!("{}@example.com", owner.id.uuid().simple());
            assert!(!text.contains(&email), "{}: {text}", case.operation);
            tried += 1;
        }
    }
    assert!(tried >= 60, "{tried}");
    // Lists and exports hold one's own only.
    for (path, expected) in [("/api/orders", 1)] {
        let list = shop
            .client
            .get(path)
            .bearer(&customer.token)
            .expect(200)
            .await;
        assert_eq!(list.value()["data"].as_array().unwrap().len(), expected);
        assert!(!list.text().contains(&things.order));
    }
    assert_eq!(cards(&shop, &owner).await.as_array().unwrap().len(), 1);
    // The merged guest cart is the customer's own affair; all else is as it was.
    let after = everything(&shop).await;
    for table in 0..7 {
        assert_eq!(before[table], after[table]);
    }
}
