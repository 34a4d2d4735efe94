//! Refunds that do not stay with the customer: refused, failed, or sent back by their bank after they had succeeded.

use auth_token::Role;
use order::Span;
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

use crate::payments::statuses;
use crate::shop::{Person, Shop};
use crate::webhooks::shuffled;

impl Shop {
    /// A paid order of which so much is given back, as soon as the provider is asked.
    async fn given_back(&self, anna: &Person, card: &str, amount: i64) -> Value {
        let order = self.placed(anna, self.peer.sell(1000, 10), 1).await;
        let _ = self.pay(anna, &order, card).await;
        let staff = self.person(Role::Support);
        let wish = json!({"amount": {"amount": amount, "currency": "EUR"}});
        assert_eq!(self.refund(&staff, &order, wish).await.status, 202);
        order::reconcile(&self.app).await;
        order
    }

    async fn text(&self, sql: &str) -> Vec<String> {
        sqlx::query_scalar(AssertSqlSafe(sql.to_owned()))
            .fetch_all(&self.pool)
            .await
            .unwrap()
    }

    /// The bank's word on the newest refund.
    async fn bank_says(&self, status: &str) {
        let id = &self
            .text("SELECT provider_ref FROM refunds ORDER BY id DESC LIMIT 1")
            .await[0];
        let path = format!("refunds/{id}");
        let said = self.at_the_bank(&path, json!({"status": status})).await;
        assert_eq!(said.status, 200, "{}", said.text());
    }

    async fn refund_states(&self) -> Vec<String> {
        self.text("SELECT status FROM refunds ORDER BY id").await
    }

    /// Mails that tell a customer of money.
    async fn refund_mails(&self) -> usize {
        let mails = self.events("email.notification").await;
        let is_it = |mail: &&Value| mail.to_string().contains("order_refunded");
        mails.iter().filter(is_it).count()
    }

    async fn kinds_of_items(&self) -> Vec<String> {
        let items = self.open_items().await;
        let kind = |item: &Value| item["kind"].as_str().unwrap().to_owned();
        items.iter().map(kind).collect()
    }

    async fn is_in_order(&self) {
        let verdict = order::verify(&self.pool).await.unwrap();
        assert!(verdict.is_good(), "{verdict}");
    }
}

#[tokio::test]
async fn money_that_a_bank_sent_back_is_booked_once_and_a_person_is_told() {
    let shop = Shop::open().await;
    let anna = shop.person(Role::Customer);
    let order = shop.given_back(&anna, "pm_card_visa", 300).await;
    shop.deliver_all().await;
    let now = shop.order(&anna, &order).await;
    assert_eq!(statuses(&now), ("confirmed", "partially_refunded"));
    assert_eq!(shop.refund_mails().await, 1);

    shop.bank_says("failed").await;
    for _ in 0..2 {
        shop.deliver_all().await;
    }
    let now = shop.order(&anna, &order).await;
    assert_eq!(statuses(&now), ("confirmed", "paid"));
    assert_eq!(shop.refund_states().await, ["reversed"]);
    let path = format!("/api/payments/{}", order["payment_id"].as_str().unwrap());
    let payment = shop.client.get(&path).bearer(&anna.token).expect(200).await;
    let payment = payment.value();
    assert_eq!(
        (&payment["status"], &payment["amount_refunded"]["amount"]),
        (&json!("succeeded"), &json!(0))
    );
    assert_eq!(
        shop.books().await[2..],
        [
            "refund refunds 300",
            "refund stripe -300",
            "refund_reversed stripe 300",
            "refund_reversed refunds -300",
        ]
    );
    let told = shop.events("payment.refund_reversed").await;
    assert_eq!(told.len(), 1);
    assert_eq!(
        (&told[0]["amount"]["amount"], &told[0]["reason"]),
        (&json!(300), &json!("lost_or_stolen_card"))
    );
    let timeline = "SELECT type FROM order_events WHERE type LIKE 'refund.%' ORDER BY seq";
    assert_eq!(
        shop.text(timeline).await,
        ["refund.requested", "refund.reversed"]
    );
    assert_eq!(shop.refund_mails().await, 1, "no mail a second time");
    let items = shop.open_items().await;
    assert_eq!(
        (items.len(), &items[0]["kind"]),
        (1, &json!("refund_bounced"))
    );
    assert_eq!(items[0]["order_id"], order["id"]);
    let details = &items[0]["details"];
    assert_eq!(
        (&details["amount"]["amount"], &details["failure"]),
        (&json!(300), &json!("lost_or_stolen_card"))
    );
    shop.is_in_order().await;

    // The comparison agrees, and closes nothing that only a person can have done.
    let summary = shop.compare(Span::Window).await;
    assert_eq!((summary.counts.healed, summary.counts.raised), (0, 0));
    assert_eq!(shop.kinds_of_items().await, ["refund_bounced"]);

    // The money may go back another time; then the customer is told of that.
    let staff = shop.person(Role::Support);
    assert_eq!(shop.refund(&staff, &order, json!({})).await.status, 202);
    order::reconcile(&shop.app).await;
    shop.deliver_all().await;
    let now = shop.order(&anna, &order).await;
    assert_eq!(statuses(&now), ("confirmed", "refunded"));
    assert_eq!(shop.refund_states().await, ["reversed", "succeeded"]);
    assert_eq!(shop.refund_mails().await, 2);
    shop.is_in_order().await;

    let resolve = format!(
        "/internal/work-items/{}/resolve",
        items[0]["id"].as_str().unwrap()
    );
    let done = json!({"resolution": "done", "note": "Asked for another card."});
    let _ = shop.panel().post(&resolve).json(&done).expect(200).await;
    shop.deliver_all().await;
    assert!(shop.open_items().await.is_empty());
}

#[tokio::test]
async fn a_refund_whose_return_nobody_told_of_is_found_by_the_comparison() {
    let shop = Shop::open().await;
    let anna = shop.person(Role::Customer);
    let order = shop.given_back(&anna, "pm_card_visa", 300).await;
    shop.bank_says("failed").await;
    let summary = shop.compare(Span::Window).await;
    let healed = ("refund_reversed".to_owned(), "healed".to_owned());
    assert_eq!(shop.differences(summary).await, [healed]);
    let now = shop.order(&anna, &order).await;
    assert_eq!(statuses(&now), ("confirmed", "paid"));
    assert_eq!(shop.kinds_of_items().await, ["refund_bounced"]);

    // All that the webhooks still say is known.
    shop.deliver_all().await;
    assert_eq!(shop.compare(Span::Full).await.counts.healed, 0);
    assert_eq!(shop.refund_states().await, ["reversed"]);
    assert_eq!(shop.events("payment.refund_reversed").await.len(), 1);
    assert_eq!(shop.open_items().await[0]["seen"], 1);
    shop.is_in_order().await;
}

#[tokio::test]
async fn every_order_and_number_of_news_of_a_refund_leaves_the_money_where_it_is() {
    let shop = Shop::open().await;
    let anna = shop.person(Role::Customer);
    let mut orders = Vec::new();
    for _ in 0..4 {
        let order = shop.given_back(&anna, "pm_card_pendingRefund", 300).await;
        for said in ["succeeded", "failed"] {
            shop.bank_says(said).await;
        }
        orders.push(order);
    }
    assert_eq!(shop.refund_states().await, ["pending"; 4]);
    shuffled(&shop, &shop.stripe_events().await).await;
    for order in &orders {
        let now = shop.order(&anna, order).await;
        assert_eq!(statuses(&now), ("confirmed", "paid"));
    }
    // Whose failure was heard first never counted as given back.
    let states = shop.refund_states().await;
    assert!(
        states
            .iter()
            .all(|state| state == "reversed" || state == "failed"),
        "{states:?}"
    );
    let reversed = states.iter().filter(|state| *state == "reversed").count();
    assert_eq!(shop.events("payment.refunded").await.len(), reversed);
    assert_eq!(shop.events("payment.refund_reversed").await.len(), reversed);
    assert_eq!(shop.refund_mails().await, reversed);
    assert_eq!(shop.open_items().await.len(), 4);
    shop.is_in_order().await;
}

#[tokio::test]
async fn a_twin_that_failed_brings_no_money_back() {
    let shop = Shop::open().await;
    let anna = shop.person(Role::Customer);
    let _ = shop.given_back(&anna, "pm_card_visa", 300).await;
    let id = &shop.text("SELECT id::text FROM refunds").await[0];
    let twin = json!({"id": "evt_twin", "object": "event", "type": "refund.failed",
        "data": {"object": {"id": "re_twin", "status": "failed", "metadata": {"refund_id": id}}}});
    assert_eq!(shop.deliver(&twin).await.status, 204);
    order::reconcile(&shop.app).await;
    assert_eq!(shop.refund_states().await, ["succeeded"]);
    assert!(shop.open_items().await.is_empty());
}

#[tokio::test]
async fn a_cancelled_order_whose_refund_came_back_is_in_order_once_a_person_knows() {
    let shop = Shop::open().await;
    let anna = shop.person(Role::Customer);
    let order = shop.placed(&anna, shop.peer.sell(1000, 10), 1).await;
    let _ = shop.pay(&anna, &order, "pm_card_visa").await;
    let path = format!("/api/orders/{}/cancel", order["id"].as_str().unwrap());
    let _ = shop.client.put(&path).bearer(&anna.token).expect(200).await;
    order::reconcile(&shop.app).await;
    shop.bank_says("failed").await;
    shop.deliver_all().await;
    let now = shop.order(&anna, &order).await;
    assert_eq!(statuses(&now), ("cancelled", "paid"));
    assert_eq!(
        shop.refund_states().await,
        ["reversed"],
        "nothing is tried again by itself"
    );
    shop.is_in_order().await;
    // Without the item nobody would know.
    let mut tx = shop.superuser().await.begin().await.unwrap();
    sqlx::query("DELETE FROM work_items")
        .execute(&mut *tx)
        .await
        .unwrap();
    let verdict = order::check(&mut tx).await.unwrap();
    assert_eq!(
        verdict.broken.keys().collect::<Vec<_>>(),
        [&"paid_is_served_or_given_back"]
    );
}

#[tokio::test]
async fn a_refund_that_fails_before_it_succeeded_raises_an_item() {
    let shop = Shop::open().await;
    let anna = shop.person(Role::Customer);
    let order = shop.given_back(&anna, "pm_card_pendingRefund", 300).await;
    assert!(shop.open_items().await.is_empty());
    shop.bank_says("failed").await;
    for _ in 0..2 {
        shop.deliver_all().await;
    }
    let _ = shop.compare(Span::Window).await;
    let items = shop.open_items().await;
    assert_eq!(
        (items.len(), &items[0]["kind"], &items[0]["seen"]),
        (1, &json!("refund_failed"), &json!(1))
    );
    assert_eq!(items[0]["details"]["failure"], "lost_or_stolen_card");
    let now = shop.order(&anna, &order).await;
    assert_eq!(statuses(&now), ("confirmed", "paid"));
    assert_eq!(shop.refund_mails().await, 0);
    shop.is_in_order().await;
}

#[tokio::test]
async fn a_refund_that_the_provider_refuses_for_good_raises_an_item() {
    let shop = Shop::open().await;
    let anna = shop.person(Role::Customer);
    let order = shop.placed(&anna, shop.peer.sell(1000, 5), 1).await;
    // A payment that the provider never heard of.
    shop.pretend_paid(&order).await;
    let staff = shop.person(Role::Support);
    assert_eq!(shop.refund(&staff, &order, json!({})).await.status, 202);
    for _ in 0..2 {
        order::reconcile(&shop.app).await;
    }
    let items = shop.open_items().await;
    assert_eq!(
        (items.len(), &items[0]["kind"], &items[0]["order_id"]),
        (1, &json!("refund_failed"), &order["id"])
    );
    assert!(items[0]["details"]["failure"].is_string(), "it says why");
    assert_eq!(shop.refund_states().await, ["failed"]);
}
