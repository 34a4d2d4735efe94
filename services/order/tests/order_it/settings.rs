//! What staff set for the shop holds with the next request.

use auth_token::Role;
use contracts::events::{Maintenance, SettingsChanged, ShopSettings};
use primitives::VariantId;
use serde_json::json;

use testkit::http::Request;

use crate::shop::{Person, Shop};

/// To be sent: it may be refused.
fn adding(shop: &Shop, person: &Person, variant: VariantId) -> Request {
    shop.client
        .post("/api/cart")
        .bearer(&person.token)
        .json(&json!({"variant_id": variant, "quantity": 1}))
}

fn set(shop: &Shop, version: i64, settings: ShopSettings) {
    shop.app.shop().learn(SettingsChanged { version, settings });
}

#[tokio::test]
async fn a_closed_shop_can_be_looked_at_but_nobody_buys() {
    let shop = Shop::open().await;
    let shirt = shop.peer.sell(1999, 7);
    let person = shop.person(Role::Customer);
    let _ = shop.add(&person, shirt, 1).await.expect(200);
    let maintenance = Some(Maintenance {
        message: "Back at noon.".to_owned(),
        retry_after_seconds: 600,
    });
    set(
        &shop,
        1,
        ShopSettings {
            maintenance,
            ..ShopSettings::default()
        },
    );

    for refused in [
        shop.order_as(&person).expect(503).await,
        adding(&shop, &person, shirt).expect(503).await,
    ] {
        assert_eq!(refused.header("retry-after"), "600");
        let problem = refused.value();
        assert_eq!(
            (&problem["code"], &problem["detail"]),
            (&json!("maintenance"), &json!("Back at noon."))
        );
    }
    let _ = shop
        .client
        .get("/api/cart")
        .bearer(&person.token)
        .expect(200)
        .await;
    // News of money is taken: this one is only not signed.
    let _ = shop
        .client
        .post("/api/webhooks/stripe")
        .json(&json!({}))
        .expect(400)
        .await;
    assert_eq!(shop.count("orders").await, 0);

    set(&shop, 2, ShopSettings::default());
    let _ = shop.placed(&person, shirt, 1).await;
}

#[tokio::test]
async fn another_currency_is_that_of_new_carts() {
    let shop = Shop::open().await;
    let shirt = shop.peer.sell(1999, 7);
    let (before, after) = (shop.person(Role::Customer), shop.person(Role::Customer));
    let _ = shop.add(&before, shirt, 1).await.expect(200);
    let currency = Some("USD".parse().unwrap());
    set(
        &shop,
        1,
        ShopSettings {
            currency,
            ..ShopSettings::default()
        },
    );
    let kept = shop.add(&before, shirt, 1).await.expect(200).value();
    assert_eq!(kept["currency"], "EUR", "a cart keeps its currency");
    let refused = adding(&shop, &after, shirt).expect(422).await.value();
    assert_eq!(refused["errors"][0]["code"], "other_currency", "{refused}");
    set(&shop, 2, ShopSettings::default());
    let new = shop.add(&after, shirt, 1).await.expect(200).value();
    assert_eq!(new["currency"], "EUR");
}
