//! Correcting where an order goes.

use auth_token::{OnBehalfOf, Role};
use primitives::UserId;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::shop::{Shop, address, id};

fn elsewhere() -> Value {
    let mut address = address();
    address["line1"] = json!("Street 2");
    address["postal_code"] = json!("10117");
    address
}

#[tokio::test]
async fn staff_correct_an_address_until_the_first_parcel_left() {
    let shop = Shop::open().await;
    let (anna, support) = (shop.person(Role::Customer), shop.person(Role::Support));
    let order = shop.placed(&anna, shop.peer.sell(1000, 100), 1).await;
    let path = format!("/api/orders/{}", id(&order));
    let staff = shop.client.clone().with_bearer(&support.token);
    let edit = |version: &str, address: Value| {
        staff
            .patch(&path)
            .header("if-match", version)
            .json(&json!({"shipping_address": address}))
    };
    let version = staff.get(&path).expect(200).await.header("etag").to_owned();
    let edited = edit(&version, elsewhere()).expect(200).await.value();
    assert_eq!(edited["shipping_address"]["line1"], "Street 2");
    assert_eq!(edited["billing_address"]["line1"], "Street 1");
    edit(&version, address())
        .send()
        .await
        .problem(412, "stale_version");
    let version = format!("\"{}\"", edited["version"]);
    // The same again changes nothing.
    let again = edit(&version, elsewhere()).expect(200).await.value();
    assert_eq!(again["version"], edited["version"]);
    let mut abroad = elsewhere();
    abroad["country"] = json!("AT");
    abroad["postal_code"] = json!("1010");
    let problem = edit(&version, abroad)
        .send()
        .await
        .problem(422, "validation_failed");
    assert_eq!(problem["errors"][0]["field"], "shipping_address.country");

    // Where it went to before is nobody's business any more.
    let events = shop.events("order.updated").await;
    assert_eq!(
        events,
        [
            json!({"order_id": order["id"], "number": order["number"], "changed": ["shipping_address"]})
        ]
    );
    let act = shop.events("staff.acted").await;
    assert_eq!(
        (&act[0]["action"], &act[0]["after"]),
        (
            &json!("order.edit"),
            &json!({"shipping_address": ["line1", "postal_code"]})
        )
    );
    let timeline = shop
        .client
        .get(&format!("{path}/events"))
        .bearer(&anna.token)
        .expect(200)
        .await
        .value();
    assert_eq!(timeline["data"][1]["type"], "order.address_changed");
    assert_eq!(timeline["data"][1]["actor"], "staff");

    shop.pretend_paid(&order).await;
    // The panel does it too.
    let who = OnBehalfOf {
        user_id: UserId::from(Uuid::from_u128(1)),
        role: Role::Support,
        email: None,
        auth_time: None,
    };
    let panel = shop.admin.token("order", Some(&who)).unwrap();
    let edited = shop
        .internal
        .clone()
        .with_bearer(&panel)
        .patch(&format!("/internal/orders/{}", id(&order)))
        .header("if-match", &version)
        .json(&json!({"shipping_address": address()}))
        .expect(200)
        .await
        .value();
    assert_eq!(edited["shipping_address"]["line1"], "Street 1");
    let parcel = json!({"carrier": "DHL", "tracking_number": "T 1"});
    let shipped = staff
        .post(&format!("{path}/shipments"))
        .json(&parcel)
        .expect(201)
        .await
        .value();
    let page = shipped["tracking_url"].as_str().unwrap();
    assert!(
        page.starts_with("https://www.dhl.de/") && page.ends_with("=T1"),
        "{page}"
    );
    let whole = staff.get(&path).expect(200).await;
    let version = whole.header("etag").to_owned();
    assert_eq!(whole.value()["shipments"], json!([shipped]));
    edit(&version, elsewhere())
        .send()
        .await
        .problem(409, "address_fixed");
}

#[tokio::test]
async fn a_link_to_a_parcel_is_https() {
    let shop = Shop::open().await;
    let (anna, support) = (shop.person(Role::Customer), shop.person(Role::Support));
    let order = shop.placed(&anna, shop.peer.sell(1000, 100), 1).await;
    shop.pretend_paid(&order).await;
    let ship = |url: &str| {
        let body = json!({"carrier": "Aunt Erna", "tracking_number": "T", "tracking_url": url});
        shop.client
            .post(&format!("/api/orders/{}/shipments", id(&order)))
            .bearer(&support.token)
            .json(&body)
    };
    let problem = ship("javascript:alert(1)")
        .send()
        .await
        .problem(422, "validation_failed");
    assert_eq!(problem["errors"][0]["field"], "tracking_url");
    let url = "https://erna.example/T?x=1";
    assert_eq!(ship(url).expect(201).await.value()["tracking_url"], url);
    let mails = shop.events("email.notification").await;
    let mail = mails.last().unwrap();
    assert_eq!(
        (&mail["template"], &mail["data"]["tracking_url"]),
        (&json!("order_shipped"), &json!(url))
    );
    assert_eq!(mail["data"]["lines"][0]["quantity"], 1);
}
