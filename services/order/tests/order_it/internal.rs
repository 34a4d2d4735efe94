use auth_token::{OnBehalfOf, Role};
use primitives::UserId;
use serde_json::json;
use uuid::Uuid;

use crate::shop::Shop;

fn staff(role: Role) -> OnBehalfOf {
    OnBehalfOf {
        user_id: UserId::from(Uuid::from_u128(1)),
        role,
        email: None,
        auth_time: None,
    }
}

#[tokio::test]
async fn admin_acts_in_a_staff_members_name() {
    let shop = Shop::open().await;
    let anna = shop.person(Role::Customer);
    let order = shop.placed(&anna, shop.peer.sell(1000, 50), 2).await;
    shop.pretend_paid(&order).await;
    let token = shop
        .admin
        .token("order", Some(&staff(Role::Support)))
        .unwrap();
    let client = shop.internal.clone().with_bearer(&token);
    let path = format!("/internal/orders/{}", order["id"].as_str().unwrap());

    let _ = client
        .post(&format!("{path}/notes"))
        .json(&json!({"message": "Called, will wait."}))
        .expect(204)
        .await;
    let shipment = client
        .post(&format!("{path}/shipments"))
        .json(&json!({"carrier": "DHL", "tracking_number": "T"}))
        .expect(201)
        .await
        .value();
    let _ = client
        .post(&format!(
            "/internal/shipments/{}/deliver",
            shipment["id"].as_str().unwrap()
        ))
        .expect(200)
        .await;
    client
        .post(&format!("{path}/cancel"))
        .json(&json!({}))
        .send()
        .await
        .problem(409, "order_not_cancellable");

    let events = format!("/api/orders/{}/events", order["id"].as_str().unwrap());
    let kinds = |timeline: serde_json::Value| {
        timeline["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|e| e["type"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let own = kinds(
        shop.client
            .get(&events)
            .bearer(&anna.token)
            .expect(200)
            .await
            .value(),
    );
    assert_eq!(
        own,
        [
            "order.placed",
            "order.shipped",
            "shipment.delivered",
            "order.delivered"
        ],
        "notes are between staff"
    );
    let all = kinds(
        shop.client
            .get(&events)
            .bearer(&shop.person(Role::Support).token)
            .expect(200)
            .await
            .value(),
    );
    assert!(all.contains(&"note".to_owned()));
}

#[tokio::test]
async fn cancelling_what_was_paid_needs_a_fresh_proof_as_a_refund_does() {
    let shop = Shop::open().await;
    let anna = shop.person(Role::Customer);
    let (paid, unpaid) = (
        shop.placed(&anna, shop.peer.sell(1000, 50), 1).await,
        shop.placed(&anna, shop.peer.sell(1000, 50), 1).await,
    );
    shop.pretend_paid(&paid).await;
    let cancel = async |order: &serde_json::Value, name: OnBehalfOf| {
        let token = shop.admin.token("order", Some(&name)).unwrap();
        let path = format!("/internal/orders/{}/cancel", order["id"].as_str().unwrap());
        let request = shop.internal.post(&path).bearer(&token);
        request.json(&json!({})).send().await
    };
    let stale = staff(Role::Support);
    let refused = cancel(&paid, stale.clone()).await;
    refused.problem(401, "insufficient_user_authentication");
    assert!(!shop.outbox().await.contains(&"order.cancelled".to_owned()));
    assert_eq!(cancel(&unpaid, stale.clone()).await.status, 200);
    let fresh = OnBehalfOf {
        auth_time: Some(primitives::Clock::system().now().unix()),
        ..stale
    };
    assert_eq!(cancel(&paid, fresh).await.status, 200);
}

#[tokio::test]
async fn the_internal_api_asks_who_calls_and_for_whom() {
    let shop = Shop::open().await;
    let anna = shop.person(Role::Customer);
    let order = shop.placed(&anna, shop.peer.sell(1000, 50), 2).await;
    let id = order["id"].as_str().unwrap();
    let payment = order["payment_id"].as_str().unwrap();
    let paths = [
        format!("/internal/orders/{id}/cancel"),
        format!("/internal/orders/{id}/shipments"),
        format!("/internal/orders/{id}/notes"),
        format!("/internal/shipments/{id}/deliver"),
        format!("/internal/payments/{payment}/refund"),
        format!("/internal/payments/{payment}/capture"),
        format!("/internal/payments/{payment}/void"),
        format!("/internal/payments/{payment}/mark-paid"),
        format!("/internal/refunds/{payment}/mark-paid"),
    ];
    for path in &paths {
        let body = json!({"carrier": "x", "tracking_number": "x"});
        let send = |token: Option<String>| {
            let request = shop.internal.post(path);
            let request = if let Some(token) = token {
                request.bearer(&token)
            } else {
                request
            };
            request.json(&body).send()
        };
        assert_eq!(send(None).await.status, 401, "{path}");
        assert_eq!(
            send(Some(anna.token.clone())).await.status,
            401,
            "{path}: a user is no service"
        );
        assert_eq!(
            send(Some(shop.admin.token("product", None).unwrap()))
                .await
                .status,
            401,
            "{path}: another audience"
        );
        for token in [
            shop.admin.token("order", None).unwrap(),
            shop.admin
                .token("order", Some(&staff(Role::Customer)))
                .unwrap(),
        ] {
            // Where the body is judged first, it is at least not done.
            assert!(
                [401, 403, 422].contains(&send(Some(token)).await.status),
                "{path}: nobody's name"
            );
        }
    }
    assert_eq!(
        shop.outbox()
            .await
            .iter()
            .filter(|kind| *kind == "order.cancelled")
            .count(),
        0
    );
}

#[tokio::test]
async fn a_user_takes_their_orders_along_and_nobody_elses() {
    let shop = Shop::open().await;
    let (anna, bert) = (shop.person(Role::Customer), shop.person(Role::Customer));
    let variant = shop.peer.sell(1000, 50);
    let mut placed = Vec::new();
    for _ in 0..3 {
        placed.push(shop.placed(&anna, variant, 1).await["id"].clone());
    }
    shop.placed(&bert, variant, 1).await;
    shop.pretend_paid(&json!({"id": placed[0]})).await;
    let staff_token = shop
        .admin
        .token("order", Some(&staff(Role::Support)))
        .unwrap();
    let staff_client = shop.internal.clone().with_bearer(&staff_token);
    let order = format!("/internal/orders/{}", placed[0].as_str().unwrap());
    let _ = staff_client
        .post(&format!("{order}/notes"))
        .json(&json!({"message": "between us"}))
        .expect(204)
        .await;
    let _ = staff_client
        .post(&format!("{order}/shipments"))
        .json(&json!({"carrier": "DHL", "tracking_number": "T"}))
        .expect(201)
        .await;
    let _ = shop.add(&anna, variant, 2).await;

    let me = OnBehalfOf {
        user_id: anna.id,
        role: Role::Customer,
        email: None,
        auth_time: None,
    };
    let client = shop
        .internal
        .clone()
        .with_bearer(&shop.admin.token("order", Some(&me)).unwrap());
    let path = format!("/internal/users/{}/export", anna.id);
    let (mut orders, mut carts, mut cursor) = (Vec::new(), Vec::new(), String::new());
    for page in 0.. {
        let answer = client.get(&format!("{path}?limit=2{cursor}")).expect(200);
        let answer = answer.await.value();
        let section = |name: &str| answer["sections"][name].as_array().cloned();
        orders.extend(section("orders").unwrap());
        assert_eq!(section("carts").is_some(), page == 0);
        carts.extend(section("carts").unwrap_or_default());
        match answer["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let ids: Vec<_> = orders
        .iter()
        .rev()
        .map(|order| order["id"].clone())
        .collect();
    assert_eq!(ids, placed);
    let first = orders.last().unwrap();
    assert_eq!(first["items"].as_array().unwrap().len(), 1);
    assert_eq!(first["payments"][0]["status"], "succeeded");
    assert_eq!(first["shipments"][0]["items"][0]["quantity"], 1);
    let timeline = first["events"].to_string();
    assert!(timeline.contains("order.placed"), "{timeline}");
    for hidden in ["between us", "staff:"] {
        assert!(!timeline.contains(hidden), "{timeline}");
    }
    assert_eq!(carts[0]["items"][0]["quantity"], 2);

    // In nobody's name, and in somebody else's.
    let nobody = shop.admin.token("order", None).unwrap();
    for token in [nobody, staff_token] {
        shop.internal
            .clone()
            .with_bearer(&token)
            .get(&path)
            .send()
            .await
            .problem(403, "forbidden");
    }
}

#[tokio::test]
async fn the_customers_link_is_for_those_who_may_write_to_them() {
    let shop = Shop::open().await;
    let cart = shop.guest_cart(shop.peer.sell(1000, 50), 1).await;
    let order = shop.order_as_guest(&cart).expect(201).await.value();
    let id = order["id"].as_str().unwrap();
    let path = format!("/internal/orders/{id}/customer-link");
    let ask = |role| {
        let token = shop.admin.token("order", Some(&staff(role))).unwrap();
        shop.internal.clone().with_bearer(&token).get(&path)
    };
    let link = ask(Role::Support).expect(200).await.value();
    let (page, token) = link["url"].as_str().unwrap().split_once("?token=").unwrap();
    assert_eq!(page, format!("https://shop.test/orders/{id}"));
    // It opens the order to whoever has it.
    let open = shop.client.get(&format!("/api/orders/{id}"));
    let opened = open.header("x-order-token", token).expect(200).await;
    assert_eq!(opened.value()["id"], id);
    for role in [Role::Customer, Role::Seller] {
        ask(role).send().await.problem(403, "forbidden");
    }
    shop.set("UPDATE orders SET email = 'deleted@account.invalid'")
        .await;
    ask(Role::Support)
        .send()
        .await
        .problem(409, "customer_gone");
}
