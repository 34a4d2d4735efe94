//! Payments against a peer that speaks Stripe's API: its webhooks are delivered by the tests, when and as often as they like.

use auth_token::Role;
use primitives::Clock;
use serde_json::{Value, json};
use testkit::http::Answer;

use crate::shop::{Person, Shop};

impl Shop {
    pub(crate) async fn pay(&self, person: &Person, order: &Value, method: &str) -> Value {
        let path = format!("/api/orders/{}/payment", order["id"].as_str().unwrap());
        let body = json!({"method": "card", "test_payment_method": method});
        self.client
            .post(&path)
            .bearer(&person.token)
            .json(&body)
            .expect(200)
            .await
            .value()
    }

    /// Creates the payment without paying it, as a browser does before it shows the card form; answers the provider's id.
    pub(crate) async fn start_payment(&self, person: &Person, order: &Value) -> String {
        let path = format!("/api/orders/{}/payment", order["id"].as_str().unwrap());
        let started = self
            .client
            .post(&path)
            .bearer(&person.token)
            .json(&json!({"method": "card"}))
            .expect(200)
            .await
            .value();
        assert!(
            started["client_secret"]
                .as_str()
                .unwrap()
                .contains("_secret_")
        );
        assert_eq!(started["publishable_key"], "pk_test_mercato");
        started["payment"]["provider_ref"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Pays at the provider behind our back, as a browser does with the card form.
    pub(crate) async fn confirm_at_stripe(&self, reference: &str, method: &str) {
        let stripe = testkit::http::Client::new(self.stripe.url()).with_bearer("sk_test_mercato");
        let _ = stripe
            .post(&format!("/v1/payment_intents/{reference}/confirm"))
            .form(&[("payment_method", method)])
            .send()
            .await;
    }

    /// Every event of the provider, oldest first.
    pub(crate) async fn stripe_events(&self) -> Vec<Value> {
        let stripe = testkit::http::Client::new(self.stripe.url()).with_bearer("sk_test_mercato");
        let list = stripe.get("/v1/events?limit=100").expect(200).await.value();
        list["data"]
            .as_array()
            .unwrap()
            .iter()
            .rev()
            .cloned()
            .collect()
    }

    pub(crate) async fn deliver(&self, event: &Value) -> Answer {
        let body = event.to_string();
        let signature = stripe_stand_in::signature::header(
            body.as_bytes(),
            &self.webhook_secret,
            Clock::system().now().unix(),
        );
        self.client
            .post("/api/webhooks/stripe")
            .header("stripe-signature", &signature)
            .header("content-type", "application/json")
            .body(body)
            .send()
            .await
    }

    pub(crate) async fn order(&self, person: &Person, order: &Value) -> Value {
        let path = format!("/api/orders/{}", order["id"].as_str().unwrap());
        self.client
            .get(&path)
            .bearer(&person.token)
            .expect(200)
            .await
            .value()
    }

    pub(crate) async fn refund(&self, staff: &Person, order: &Value, body: Value) -> Answer {
        let path = format!(
            "/api/payments/{}/refund",
            order["payment_id"].as_str().unwrap()
        );
        self.client
            .post(&path)
            .bearer(&staff.token)
            .json(&body)
            .send()
            .await
    }

    pub(crate) async fn set(&self, sql: &'static str) {
        sqlx::query(sql).execute(&self.pool).await.unwrap();
    }
}

pub(crate) fn statuses(order: &Value) -> (&str, &str) {
    (
        order["status"].as_str().unwrap(),
        order["payment_status"].as_str().unwrap(),
    )
}

#[tokio::test]
async fn a_card_payment_confirms_the_order_once_whoever_brings_the_news() {
    let shop = Shop::open().await;
    let anna = shop.person(Role::Customer);
    let order = shop.placed(&anna, shop.peer.sell(1000, 100), 2).await;
    let paid = shop.pay(&anna, &order, "pm_card_visa").await;
    assert_eq!(paid["payment"]["status"], "succeeded");
    assert_eq!(paid["payment"]["amount"], order["total"]);
    // The webhooks come too, each of them twice, and the reconciler asks as well.
    for event in shop.stripe_events().await {
        assert_eq!(shop.deliver(&event).await.status, 204);
        assert_eq!(shop.deliver(&event).await.status, 204);
    }
    order::reconcile(&shop.app).await;

    assert_eq!(
        statuses(&shop.order(&anna, &order).await),
        ("confirmed", "paid")
    );
    let outbox = shop.outbox().await;
    let count = |kind: &str| outbox.iter().filter(|event| *event == kind).count();
    assert_eq!(
        (count("payment.processed"), count("order.confirmed")),
        (1, 1)
    );
    assert_eq!(
        shop.events("order.confirmed").await[0]["payment_id"],
        order["payment_id"]
    );
    let mails = shop.events("email.notification").await;
    assert_eq!(
        mails
            .iter()
            .filter(|mail| mail["template"] == "order_confirmed")
            .count(),
        1
    );
    let open: i64 =
        sqlx::query_scalar("SELECT count(*) FROM webhook_events WHERE processed_at IS NULL")
            .fetch_one(&shop.pool)
            .await
            .unwrap();
    assert_eq!(open, 0);
    let again = format!("/api/orders/{}/payment", order["id"].as_str().unwrap());
    shop.client
        .post(&again)
        .bearer(&anna.token)
        .json(&json!({}))
        .send()
        .await
        .problem(409, "order_already_paid");
}

#[tokio::test]
async fn a_webhook_alone_confirms_the_order() {
    let shop = Shop::open().await;
    let anna = shop.person(Role::Customer);
    let order = shop.placed(&anna, shop.peer.sell(1000, 100), 1).await;
    let reference = shop.start_payment(&anna, &order).await;
    assert_eq!(
        shop.start_payment(&anna, &order).await,
        reference,
        "the same payment is found again"
    );
    shop.confirm_at_stripe(&reference, "pm_card_visa").await;
    assert_eq!(
        statuses(&shop.order(&anna, &order).await),
        ("pending", "unpaid")
    );
    // Newest first: the order of arrival does not matter.
    for event in shop.stripe_events().await.iter().rev() {
        assert_eq!(shop.deliver(event).await.status, 204);
        order::reconcile(&shop.app).await;
    }
    assert_eq!(
        statuses(&shop.order(&anna, &order).await),
        ("confirmed", "paid")
    );
}

#[tokio::test]
async fn a_payment_whose_webhook_never_comes_is_found_by_the_reconciler() {
    let shop = Shop::open().await;
    let anna = shop.person(Role::Customer);
    let order = shop.placed(&anna, shop.peer.sell(1000, 100), 1).await;
    let reference = shop.start_payment(&anna, &order).await;
    shop.confirm_at_stripe(&reference, "pm_card_visa").await;
    order::reconcile(&shop.app).await;
    assert_eq!(
        statuses(&shop.order(&anna, &order).await),
        ("pending", "unpaid"),
        "it waits for the webhook first"
    );
    shop.set("UPDATE payments SET created_at = created_at - interval '2 minutes'")
        .await;
    order::reconcile(&shop.app).await;
    assert_eq!(
        statuses(&shop.order(&anna, &order).await),
        ("confirmed", "paid")
    );
}

#[tokio::test]
async fn a_declined_card_leaves_the_order_open_for_another_one() {
    let shop = Shop::open().await;
    let anna = shop.person(Role::Customer);
    let order = shop.placed(&anna, shop.peer.sell(1000, 100), 1).await;
    let declined = shop.pay(&anna, &order, "pm_card_chargeDeclined").await;
    assert_eq!(
        (
            &declined["payment"]["status"],
            &declined["payment"]["failure"]
        ),
        (&json!("failed"), &json!("card_declined"))
    );
    assert_eq!(
        statuses(&shop.order(&anna, &order).await),
        ("pending", "failed")
    );
    assert_eq!(shop.events("payment.failed").await.len(), 1);
    let _ = shop.pay(&anna, &order, "pm_card_visa").await;
    assert_eq!(
        statuses(&shop.order(&anna, &order).await),
        ("confirmed", "paid")
    );
    // The decline's webhook arrives last.
    for event in shop.stripe_events().await.iter().rev() {
        let _ = shop.deliver(event).await;
    }
    order::reconcile(&shop.app).await;
    assert_eq!(
        statuses(&shop.order(&anna, &order).await),
        ("confirmed", "paid")
    );
}

#[tokio::test]
async fn an_order_that_nobody_pays_is_cancelled_and_cannot_be_paid_any_more() {
    let shop = Shop::open().await;
    let anna = shop.person(Role::Customer);
    let order = shop.placed(&anna, shop.peer.sell(1000, 100), 1).await;
    let reference = shop.start_payment(&anna, &order).await;
    shop.set("UPDATE orders SET placed_at = placed_at - interval '31 minutes'")
        .await;
    order::reconcile(&shop.app).await;
    assert_eq!(
        statuses(&shop.order(&anna, &order).await),
        ("cancelled", "unpaid")
    );
    assert_eq!(shop.events("order.cancelled").await[0]["reason"], "unpaid");
    let stripe = testkit::http::Client::new(shop.stripe.url()).with_bearer("sk_test_mercato");
    let intent = stripe
        .get(&format!("/v1/payment_intents/{reference}"))
        .expect(200)
        .await
        .value();
    assert_eq!(intent["status"], "canceled");
    let path = format!("/api/orders/{}/payment", order["id"].as_str().unwrap());
    shop.client
        .post(&path)
        .bearer(&anna.token)
        .json(&json!({}))
        .send()
        .await
        .problem(409, "order_not_payable");
}

#[tokio::test]
async fn a_payment_at_the_last_second_counts_and_one_after_it_goes_back() {
    let shop = Shop::open().await;
    let anna = shop.person(Role::Customer);
    let variant = shop.peer.sell(1000, 100);
    // Paid, the webhook is late, the time is up: the provider is asked before the order is given up.
    let saved = shop.placed(&anna, variant, 1).await;
    let reference = shop.start_payment(&anna, &saved).await;
    shop.confirm_at_stripe(&reference, "pm_card_visa").await;
    shop.set("UPDATE orders SET placed_at = placed_at - interval '31 minutes'")
        .await;
    order::reconcile(&shop.app).await;
    assert_eq!(
        statuses(&shop.order(&anna, &saved).await),
        ("confirmed", "paid")
    );

    // Cancelled while the customer pays: the money came, so it goes back.
    let gone = shop.placed(&anna, variant, 1).await;
    let reference = shop.start_payment(&anna, &gone).await;
    shop.confirm_at_stripe(&reference, "pm_card_visa").await;
    let cancel = format!("/api/orders/{}/cancel", gone["id"].as_str().unwrap());
    let _ = shop
        .client
        .put(&cancel)
        .bearer(&anna.token)
        .json(&json!({}))
        .expect(200)
        .await;
    for _ in 0..3 {
        order::reconcile(&shop.app).await;
    }
    assert_eq!(
        statuses(&shop.order(&anna, &gone).await),
        ("cancelled", "refunded")
    );
    let refunded = shop.events("payment.refunded").await;
    assert_eq!(
        (refunded.len(), &refunded[0]["amount"]),
        (1, &gone["total"])
    );
}

#[tokio::test]
async fn refunds_never_exceed_the_payment_and_are_done_once() {
    let shop = Shop::open().await;
    let (anna, support) = (shop.person(Role::Customer), shop.person(Role::Support));
    let order = shop.placed(&anna, shop.peer.sell(1000, 100), 2).await;
    shop.refund(&support, &order, json!({}))
        .await
        .problem(409, "refund_exceeds_payment");
    let _ = shop.pay(&anna, &order, "pm_card_visa").await;
    let total = order["total"]["amount"].as_i64().unwrap();
    let euro = |amount: i64| json!({"amount": {"amount": amount, "currency": "EUR"}});

    shop.refund(&anna, &order, euro(1))
        .await
        .problem(403, "forbidden");
    shop.refund(&support, &order, euro(total + 1))
        .await
        .problem(409, "refund_exceeds_payment");
    shop.refund(
        &support,
        &order,
        json!({"amount": {"amount": 1, "currency": "USD"}}),
    )
    .await
    .problem(422, "validation_failed");
    let first = shop
        .refund(&support, &order, euro(500))
        .await
        .expect(202)
        .value();
    assert_eq!(
        (
            &first["refund"]["status"],
            &first["refund"]["amount"]["amount"]
        ),
        (&json!("pending"), &json!(500))
    );
    // What is on its way counts already.
    shop.refund(&support, &order, euro(total - 499))
        .await
        .problem(409, "refund_exceeds_payment");

    // The provider does the work and answers 500: the next try finds the same refund.
    let control = testkit::http::Client::new(shop.stripe.url());
    let fault = json!({"kind": "error_after_work", "path": "/refunds", "method": "POST"});
    let armed = control.post("/_stand_in/faults").json(&fault).send().await;
    assert!(armed.status < 300, "{}", armed.text());
    order::reconcile(&shop.app).await;
    assert_eq!(
        statuses(&shop.order(&anna, &order).await),
        ("confirmed", "paid")
    );
    shop.set("UPDATE refunds SET next_try_at = now() - interval '1 second'")
        .await;
    order::reconcile(&shop.app).await;
    assert_eq!(
        statuses(&shop.order(&anna, &order).await),
        ("confirmed", "partially_refunded")
    );

    let rest = shop
        .refund(&support, &order, json!({"reason": "broken"}))
        .await
        .expect(202)
        .value();
    assert_eq!(rest["refund"]["amount"]["amount"], total - 500);
    order::reconcile(&shop.app).await;
    for event in shop.stripe_events().await {
        let _ = shop.deliver(&event).await;
    }
    order::reconcile(&shop.app).await;
    assert_eq!(
        statuses(&shop.order(&anna, &order).await),
        ("confirmed", "refunded")
    );
    let payment = format!("/api/payments/{}", order["payment_id"].as_str().unwrap());
    let payment = shop
        .client
        .get(&payment)
        .bearer(&anna.token)
        .expect(200)
        .await
        .value();
    assert_eq!(
        (&payment["status"], &payment["amount_refunded"]["amount"]),
        (&json!("refunded"), &json!(total))
    );
    let stripe = testkit::http::Client::new(shop.stripe.url()).with_bearer("sk_test_mercato");
    let refunds = stripe
        .get("/v1/refunds?limit=100")
        .expect(200)
        .await
        .value();
    assert_eq!(
        refunds["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|refund| refund["amount"].as_i64().unwrap())
            .sum::<i64>(),
        total
    );
}

#[tokio::test]
async fn a_webhook_is_believed_by_its_signature_alone() {
    let shop = Shop::open().await;
    let anna = shop.person(Role::Customer);
    let order = shop.placed(&anna, shop.peer.sell(1000, 100), 1).await;
    let reference = shop.start_payment(&anna, &order).await;
    let forged = json!({"id": "evt_forged", "object": "event", "type": "payment_intent.succeeded",
        "data": {"object": {"id": reference, "object": "payment_intent", "status": "succeeded", "amount_received": 100_000}}});
    let body = forged.to_string();
    let now = Clock::system().now().unix();
    let sign =
        |secret: &str, at: i64| stripe_stand_in::signature::header(body.as_bytes(), secret, at);
    for signature in [
        String::new(),
        "t=1,v1=00".to_owned(),
        sign("whsec_guess", now),
        sign(&shop.webhook_secret, now - 400),
    ] {
        let request = shop
            .client
            .post("/api/webhooks/stripe")
            .header("stripe-signature", &signature)
            .body(body.clone());
        request.send().await.problem(400, "invalid_signature");
    }
    let tampered = body.replace("100000", "1");
    let request = shop
        .client
        .post("/api/webhooks/stripe")
        .header("stripe-signature", &sign(&shop.webhook_secret, now))
        .body(tampered);
    request.send().await.problem(400, "invalid_signature");
    assert_eq!(shop.count("webhook_events").await, 0);
    assert_eq!(
        statuses(&shop.order(&anna, &order).await),
        ("pending", "unpaid")
    );
}

#[tokio::test]
async fn news_about_what_is_not_ours_is_kept_and_does_no_harm() {
    let shop = Shop::open().await;
    for (id, kind, object) in [
        (
            "evt_1",
            "payment_intent.succeeded",
            json!({"id": "pi_of_another_shop", "status": "succeeded", "amount_received": 5}),
        ),
        ("evt_2", "customer.created", json!({"id": "cus_1"})),
        (
            "evt_3",
            "refund.updated",
            json!({"id": "re_of_another_shop", "status": "succeeded"}),
        ),
        ("evt_4", "payment_intent.succeeded", json!("not an object")),
    ] {
        let event = json!({"id": id, "object": "event", "type": kind, "data": {"object": object}});
        assert_eq!(shop.deliver(&event).await.status, 204, "{id}");
    }
    order::reconcile(&shop.app).await;
    let outcomes: Vec<(String, Option<String>)> =
        sqlx::query_as("SELECT id, outcome FROM webhook_events ORDER BY id")
            .fetch_all(&shop.pool)
            .await
            .unwrap();
    // What may be ours, and is not stored yet, is kept for a while.
    let expected = [
        ("evt_1", None),
        ("evt_2", Some("irrelevant".to_owned())),
        ("evt_3", None),
        ("evt_4", None),
    ];
    assert_eq!(
        outcomes,
        expected.map(|(id, outcome)| (id.to_owned(), outcome))
    );
    for (age, expected) in [
        (
            "61 minutes",
            [Some("unknown"), Some("irrelevant"), Some("unknown"), None],
        ),
        (
            "3 days",
            [
                Some("unknown"),
                Some("irrelevant"),
                Some("unknown"),
                Some("failed"),
            ],
        ),
    ] {
        sqlx::query("UPDATE webhook_events SET received_at = now() - $1::text::interval, next_try_at = now()")
            .bind(age)
            .execute(&shop.pool)
            .await
            .unwrap();
        order::reconcile(&shop.app).await;
        let outcomes: Vec<Option<String>> =
            sqlx::query_scalar("SELECT outcome FROM webhook_events ORDER BY id")
                .fetch_all(&shop.pool)
                .await
                .unwrap();
        assert_eq!(
            outcomes,
            expected.map(|outcome| outcome.map(str::to_owned)),
            "{age}"
        );
    }
}

#[tokio::test]
async fn while_the_provider_is_away_nothing_is_lost() {
    let shop = Shop::open().await;
    let anna = shop.person(Role::Customer);
    let order = shop.placed(&anna, shop.peer.sell(1000, 100), 1).await;
    let control = testkit::http::Client::new(shop.stripe.url());
    let fault = json!({"kind": "error_after_work", "path": "/payment_intents", "method": "POST"});
    let armed = control.post("/_stand_in/faults").json(&fault).send().await;
    assert!(armed.status < 300, "{}", armed.text());
    let path = format!("/api/orders/{}/payment", order["id"].as_str().unwrap());
    shop.client
        .post(&path)
        .bearer(&anna.token)
        .json(&json!({"method": "card"}))
        .send()
        .await
        .problem(503, "unavailable");
    // The intent exists over there; the retry finds it by our payment id.
    let paid = shop.pay(&anna, &order, "pm_card_visa").await;
    assert_eq!(paid["payment"]["status"], "succeeded");
    let stripe = testkit::http::Client::new(shop.stripe.url()).with_bearer("sk_test_mercato");
    let intents = stripe
        .get("/v1/payment_intents?limit=100")
        .expect(200)
        .await
        .value();
    assert_eq!(intents["data"].as_array().unwrap().len(), 1);
}
