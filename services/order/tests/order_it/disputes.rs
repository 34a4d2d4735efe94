//! Cardholders object: what their bank says, in any order, as often as it likes.

use auth_token::Role;
use serde_json::{Value, json};

use crate::payments::statuses;
use crate::shop::{Person, Shop};

/// A paid order, and its intent at Stripe.
async fn paid(shop: &Shop, card: &str) -> (Person, Value, String) {
    let anna = shop.person(Role::Customer);
    let order = shop.placed(&anna, shop.peer.sell(1000, 100), 1).await;
    let paid = shop.pay(&anna, &order, card).await;
    let reference = paid["payment"]["provider_ref"].as_str().unwrap().to_owned();
    (anna, order, reference)
}

impl Shop {
    async fn disputes(&self, query: &str) -> Vec<Value> {
        let staff = self.person(Role::Support);
        let list = self
            .client
            .get(&format!("/api/disputes{query}"))
            .bearer(&staff.token);
        list.expect(200).await.value()["data"]
            .as_array()
            .unwrap()
            .clone()
    }

    async fn decide(&self, status: &str) {
        let all = self
            .stripe_api()
            .get("/v1/disputes")
            .expect(200)
            .await
            .value();
        let id = all["data"][0]["id"].as_str().unwrap();
        let done = self
            .at_the_bank(&format!("disputes/{id}"), json!({"status": status}))
            .await;
        assert_eq!(done.status, 200, "{}", done.text());
    }

    /// What each kind of movement came to, without the provider's fee for the charge.
    async fn posted(&self) -> Vec<(String, i64)> {
        sqlx::query_as("SELECT kind, sum(amount)::bigint FROM ledger_entries WHERE amount > 0 AND kind <> 'fee' GROUP BY kind ORDER BY kind")
            .fetch_all(&self.pool)
            .await
            .unwrap()
    }
}

fn kinds(amount: i64, names: &[&str]) -> Vec<(String, i64)> {
    names
        .iter()
        .map(|name| ((*name).to_owned(), amount))
        .collect()
}

#[tokio::test]
async fn a_dispute_is_shown_stops_refunds_and_is_won() {
    let shop = Shop::open().await;
    let (anna, order, _) = paid(&shop, "pm_card_createDispute").await;
    shop.deliver_all().await;
    let listed = shop.disputes("?state=open").await;
    assert_eq!(listed.len(), 1);
    assert_eq!(
        (
            &listed[0]["status"],
            &listed[0]["reason"],
            &listed[0]["amount"],
            &listed[0]["order_id"]
        ),
        (
            &json!("needs_response"),
            &json!("fraudulent"),
            &order["total"],
            &order["id"]
        )
    );
    assert!(listed[0]["evidence_due_at"].is_string());
    let path = format!("/api/payments/{}", order["payment_id"].as_str().unwrap());
    let payment = shop
        .client
        .get(&path)
        .bearer(&anna.token)
        .expect(200)
        .await
        .value();
    assert_eq!(payment["disputes"][0]["id"], listed[0]["id"]);
    let staff = shop.person(Role::Support);
    shop.refund(&staff, &order, json!({}))
        .await
        .problem(409, "payment_disputed");
    shop.client
        .get("/api/disputes")
        .bearer(&anna.token)
        .send()
        .await
        .problem(403, "forbidden");

    shop.decide("under_review").await;
    shop.decide("won").await;
    for _ in 0..2 {
        shop.deliver_all().await;
    }
    assert_eq!(shop.disputes("?state=won").await.len(), 1);
    let total = order["total"]["amount"].as_i64().unwrap();
    assert_eq!(
        shop.posted().await,
        kinds(total, &["charge", "dispute", "dispute_won"])
    );
    // Of the charge and of the dispute.
    let fees: i64 = sqlx::query_scalar(
        "SELECT sum(amount)::bigint FROM ledger_entries WHERE kind = 'fee' AND account = 'fees'",
    )
    .fetch_one(&shop.pool)
    .await
    .unwrap();
    assert_eq!(fees, 2000 + (total * 15 + 500) / 1000 + 25);
    let _ = shop.refund(&staff, &order, json!({})).await.expect(202);
}

#[tokio::test]
async fn a_lost_dispute_is_a_refund_that_nobody_asked_for() {
    let shop = Shop::open().await;
    let (anna, order, reference) = paid(&shop, "pm_card_visa").await;
    let _ = shop
        .at_the_bank(
            &format!("intents/{reference}/dispute"),
            json!({"reason": "product_not_received"}),
        )
        .await;
    shop.decide("lost").await;
    // All of it comes backwards: the end before the beginning.
    shop.deliver_all().await;
    let total = order["total"]["amount"].as_i64().unwrap();
    assert_eq!(
        shop.posted().await,
        kinds(total, &["charge", "dispute", "dispute_lost"])
    );
    assert_eq!(
        statuses(&shop.order(&anna, &order).await),
        ("confirmed", "refunded")
    );
    let staff = shop.person(Role::Support);
    shop.refund(&staff, &order, json!({}))
        .await
        .problem(409, "refund_exceeds_payment");
    let lost = shop.disputes("").await;
    assert_eq!(
        (&lost[0]["state"], lost[0]["closed_at"].is_string()),
        (&json!("lost"), true)
    );
    let told: Vec<String> = sqlx::query_scalar(
        "SELECT type FROM order_events WHERE type LIKE 'payment.disp%' ORDER BY at, id",
    )
    .fetch_all(&shop.pool)
    .await
    .unwrap();
    assert_eq!(told, ["payment.disputed", "payment.dispute_closed"]);
}

#[tokio::test]
async fn an_inquiry_takes_no_money_until_it_becomes_serious() {
    let shop = Shop::open().await;
    let (_, order, _) = paid(&shop, "pm_card_createDisputeInquiry").await;
    shop.deliver_all().await;
    assert_eq!(shop.disputes("?state=inquiry").await.len(), 1);
    let total = order["total"]["amount"].as_i64().unwrap();
    assert_eq!(shop.posted().await, kinds(total, &["charge"]));
    let staff = shop.person(Role::Support);
    let one = json!({"amount": {"amount": 1, "currency": "EUR"}});
    let _ = shop.refund(&staff, &order, one.clone()).await.expect(202);
    shop.decide("needs_response").await;
    shop.deliver_all().await;
    assert_eq!(shop.disputes("?state=open").await.len(), 1);
    shop.refund(&staff, &order, one)
        .await
        .problem(409, "payment_disputed");
    assert!(shop.posted().await.contains(&("dispute".to_owned(), total)));
}
