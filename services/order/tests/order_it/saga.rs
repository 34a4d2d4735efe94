//! What has to happen elsewhere because of an order is written down with it, found when it is stuck, and got going again.

use auth_token::{OnBehalfOf, Role};
use primitives::UserId;
use serde_json::Value;
use testkit::http::Client;
use uuid::Uuid;

use crate::peer::Trouble;
use crate::shop::Shop;

/// The internal API as admin calls it for a member of staff.
fn internal(shop: &Shop, role: Role) -> Client {
    let staff = OnBehalfOf {
        user_id: UserId::from(Uuid::from_u128(1)),
        role,
        email: None,
        auth_time: None,
    };
    let token = shop.admin.token("order", Some(&staff)).unwrap();
    shop.internal.clone().with_bearer(&token)
}

/// `step status` of each step of an order.
fn steps(saga: &Value) -> Vec<String> {
    let steps = saga["steps"].as_array().unwrap().iter();
    steps
        .map(|step| {
            format!(
                "{} {}",
                step["step"].as_str().unwrap(),
                step["status"].as_str().unwrap()
            )
        })
        .collect()
}

async fn sagas(client: &Client, query: &str) -> Vec<Value> {
    let page = client
        .get(&format!("/internal/sagas{query}"))
        .expect(200)
        .await
        .value();
    page["data"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_refund_that_failed_is_stuck_until_somebody_resumes_it() {
    let shop = Shop::open().await;
    let anna = shop.person(Role::Customer);
    let order = shop.placed(&anna, shop.peer.sell(1000, 5), 1).await;
    // A payment that the provider never heard of, so that it refuses to refund it.
    shop.pretend_paid(&order).await;
    let client = internal(&shop, Role::Support);
    let path = format!("/api/orders/{}/cancel", order["id"].as_str().unwrap());
    let _ = shop.client.put(&path).bearer(&anna.token).expect(200).await;

    let open = sagas(&client, "").await;
    assert_eq!(steps(&open[0]), ["refund pending", "stock.release pending"]);
    assert_eq!(
        sagas(&client, "?stuck=true").await.len(),
        0,
        "it has only just begun"
    );

    order::reconcile(&shop.app).await;
    let stuck = sagas(&client, "?stuck=true").await;
    assert_eq!(steps(&stuck[0]), ["refund failed", "stock.release pending"]);
    assert_eq!(stuck[0]["order_id"], order["id"]);
    assert!(stuck[0]["steps"][0]["error"].is_string(), "it says why");

    let resume = format!("/internal/sagas/{}/resume", order["id"].as_str().unwrap());
    let resumed = client.post(&resume).expect(200).await.value();
    assert_eq!(
        steps(&resumed),
        ["refund done", "stock.release pending", "refund pending"]
    );
    let pending = client.post(&resume).expect(200).await.value();
    assert_eq!(
        steps(&pending),
        steps(&resumed),
        "what is under way is not started twice"
    );
    order::reconcile(&shop.app).await;
    assert_eq!(
        steps(&sagas(&client, "?stuck=true").await[0]),
        ["refund done", "stock.release done", "refund failed"]
    );
    assert_eq!(shop.events("staff.acted").await.len(), 2);
}

#[tokio::test]
async fn stock_is_asked_for_when_its_event_got_lost() {
    let shop = Shop::open().await;
    let anna = shop.person(Role::Customer);
    let variant = shop.peer.sell(1000, 5);
    let order = shop.placed(&anna, variant, 1).await;
    let _ = shop.pay(&anna, &order, "pm_card_visa").await;
    let client = internal(&shop, Role::Support);
    let resume = format!("/internal/sagas/{}/resume", order["id"].as_str().unwrap());
    assert_eq!(steps(&sagas(&client, "").await[0]), ["stock.take pending"]);

    shop.peer.world().trouble = Trouble::Down;
    let _ = client.post(&resume).expect(200).await;
    order::reconcile(&shop.app).await;
    let open = sagas(&client, "").await;
    assert_eq!(open[0]["steps"][0]["attempts"], 1);
    assert!(open[0]["steps"][0]["error"].is_string());

    shop.peer.world().trouble = Trouble::None;
    let _ = client.post(&resume).expect(200).await;
    order::reconcile(&shop.app).await;
    assert_eq!(sagas(&client, "").await.len(), 0, "all is done");
}

/// The event with which product says so may be lost as well.
#[tokio::test]
async fn an_order_that_product_cannot_serve_is_cancelled_even_if_its_event_got_lost() {
    let shop = Shop::open().await;
    let anna = shop.person(Role::Customer);
    let order = shop.placed(&anna, shop.peer.sell(1000, 5), 1).await;
    let _ = shop.pay(&anna, &order, "pm_card_visa").await;
    shop.peer.reject_all();
    let client = internal(&shop, Role::Support);
    let resume = format!("/internal/sagas/{}/resume", order["id"].as_str().unwrap());
    let _ = client.post(&resume).expect(200).await;
    order::reconcile(&shop.app).await;
    order::reconcile(&shop.app).await;
    let order = shop.order(&anna, &order).await;
    assert_eq!(
        (&order["status"], &order["payment_status"]),
        (&"cancelled".into(), &"refunded".into())
    );
}

#[tokio::test]
async fn sagas_are_for_staff() {
    let shop = Shop::open().await;
    let anna = shop.person(Role::Customer);
    let order = shop.placed(&anna, shop.peer.sell(1000, 5), 1).await;
    let resume = format!("/internal/sagas/{}/resume", order["id"].as_str().unwrap());
    for client in [
        internal(&shop, Role::Customer),
        internal(&shop, Role::Seller),
    ] {
        assert_eq!(client.get("/internal/sagas").send().await.status, 403);
        assert_eq!(client.post(&resume).send().await.status, 403);
    }
    assert_eq!(
        shop.internal.get("/internal/sagas").send().await.status,
        401
    );
    assert_eq!(shop.internal.post(&resume).send().await.status, 401);
    let unknown = format!("/internal/sagas/{}/resume", Uuid::from_u128(1));
    internal(&shop, Role::Support)
        .post(&unknown)
        .send()
        .await
        .problem(404, "not_found");
}
