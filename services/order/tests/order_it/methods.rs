//! The ways to pay by card: 3-D Secure, saved cards, the hosted page, and going from one to another.

use auth_token::Role;
use serde_json::{Value, json};
use testkit::http::{Answer, Client};

use crate::payments::statuses;
use crate::shop::{Person, Shop};

impl Shop {
    /// Asks to pay an order.
    pub(crate) async fn ask_to_pay(&self, person: &Person, order: &Value, body: Value) -> Answer {
        let path = format!("/api/orders/{}/payment", order["id"].as_str().unwrap());
        self.client
            .post(&path)
            .bearer(&person.token)
            .json(&body)
            .send()
            .await
    }

    /// Stripe's API, as somebody with the secret key.
    pub(crate) fn stripe_api(&self) -> Client {
        Client::new(self.stripe.url()).with_bearer("sk_test_mercato")
    }

    /// What only a bank or a buyer does.
    pub(crate) async fn at_the_bank(&self, path: &str, body: Value) -> Answer {
        Client::new(self.stripe.url())
            .post(&format!("/_stand_in/{path}"))
            .json(&body)
            .send()
            .await
    }

    /// Pays on a hosted page with a test card.
    async fn pay_page(&self, url: &str, card: &str) {
        let (base, path) = url.split_at(url.find("/_stand_in").unwrap());
        let paid = Client::new(base)
            .post(path)
            .form(&[("card", card)])
            .send()
            .await;
        assert!(paid.status < 400, "{}", paid.text());
    }

    async fn cards(&self, person: &Person) -> Vec<Value> {
        let answer = self
            .client
            .get("/api/payment-methods")
            .bearer(&person.token);
        answer.expect(200).await.value()["data"]
            .as_array()
            .unwrap()
            .clone()
    }

    /// Delivers all of Stripe's events, newest first, and applies them.
    pub(crate) async fn deliver_all(&self) {
        for event in self.stripe_events().await.iter().rev() {
            assert_eq!(self.deliver(event).await.status, 204);
        }
        order::reconcile(&self.app).await;
    }

    /// How many intents Stripe has that could still be paid, or were.
    async fn live_intents(&self) -> usize {
        let intents = self.stripe_api().get("/v1/payment_intents?limit=100");
        let intents = intents.expect(200).await.value();
        let open = |intent: &&Value| intent["status"] != "canceled";
        intents["data"]
            .as_array()
            .unwrap()
            .iter()
            .filter(open)
            .count()
    }
}

#[tokio::test]
async fn a_card_with_3d_secure_waits_for_its_holder() {
    let shop = Shop::open().await;
    let anna = shop.person(Role::Customer);
    let order = shop.placed(&anna, shop.peer.sell(1000, 100), 1).await;
    let asked = shop
        .pay(&anna, &order, "pm_card_authenticationRequired")
        .await;
    assert_eq!(asked["payment"]["status"], "requires_payment");
    let bank = asked["next_action"]["redirect_to_url"]["url"]
        .as_str()
        .unwrap();
    assert!(bank.contains("/3d_secure/"), "{asked}");
    assert_eq!(
        statuses(&shop.order(&anna, &order).await),
        ("pending", "unpaid")
    );

    let reference = asked["payment"]["provider_ref"].as_str().unwrap();
    let answer = format!("intents/{reference}/authenticate");
    let _ = shop.at_the_bank(&answer, json!({"success": false})).await;
    shop.deliver_all().await;
    assert_eq!(
        statuses(&shop.order(&anna, &order).await),
        ("pending", "failed")
    );
    let _ = shop
        .pay(&anna, &order, "pm_card_authenticationRequired")
        .await;
    let _ = shop.at_the_bank(&answer, json!({})).await;
    shop.deliver_all().await;
    assert_eq!(
        statuses(&shop.order(&anna, &order).await),
        ("confirmed", "paid")
    );
}

#[tokio::test]
async fn a_saved_card_pays_the_next_order_and_is_nobody_elses() {
    let shop = Shop::open().await;
    let (anna, bert) = (shop.person(Role::Customer), shop.person(Role::Customer));
    let variant = shop.peer.sell(1000, 100);
    assert!(shop.cards(&anna).await.is_empty());
    let first = shop.placed(&anna, variant, 1).await;
    let body = json!({"method": "card", "save_card": true, "test_payment_method": "pm_card_visa"});
    let _ = shop.ask_to_pay(&anna, &first, body).await.expect(200);
    let cards = shop.cards(&anna).await;
    assert_eq!((cards.len(), &cards[0]["last4"]), (1, &json!("4242")));
    let card = cards[0]["id"].as_str().unwrap();

    let second = shop.placed(&anna, variant, 1).await;
    let paid = shop
        .ask_to_pay(&anna, &second, json!({"saved_card": card}))
        .await
        .expect(200)
        .value();
    assert_eq!(paid["payment"]["status"], "succeeded");
    assert_eq!(shop.count("payment_customers").await, 1);

    // Somebody else sees, uses and removes nothing of it.
    assert!(shop.cards(&bert).await.is_empty());
    let theirs = shop.placed(&bert, variant, 1).await;
    shop.ask_to_pay(&bert, &theirs, json!({"saved_card": card}))
        .await
        .problem(422, "validation_failed");
    // What is no id becomes no address at the provider.
    for no_card in ["..", "../../../v1/payment_methods/pm_1"] {
        shop.ask_to_pay(&bert, &theirs, json!({"saved_card": no_card}))
            .await
            .problem(422, "validation_failed");
    }
    let path = format!("/api/payment-methods/{card}");
    shop.client
        .delete(&path)
        .bearer(&bert.token)
        .send()
        .await
        .problem(404, "not_found");
    let _ = shop
        .client
        .delete(&path)
        .bearer(&anna.token)
        .expect(204)
        .await;
    shop.client
        .delete(&path)
        .bearer(&anna.token)
        .send()
        .await
        .problem(404, "not_found");
    assert!(shop.cards(&anna).await.is_empty());
    // Staff pay nobody's order with cards of their own.
    let staff = shop.person(Role::Support);
    shop.ask_to_pay(&staff, &theirs, json!({"save_card": true}))
        .await
        .problem(422, "validation_failed");
}

#[tokio::test]
async fn whoever_leaves_is_forgotten_at_the_provider_too() {
    let shop = Shop::open().await;
    let anna = shop.person(Role::Customer);
    let order = shop.placed(&anna, shop.peer.sell(1000, 100), 1).await;
    let body = json!({"save_card": true, "test_payment_method": "pm_card_visa"});
    let _ = shop.ask_to_pay(&anna, &order, body).await.expect(200);
    let customer: String = sqlx::query_scalar("SELECT provider_ref FROM payment_customers")
        .fetch_one(&shop.pool)
        .await
        .unwrap();
    shop.set("UPDATE payment_customers SET erase_at = now()")
        .await;
    assert!(shop.cards(&anna).await.is_empty());
    order::reconcile(&shop.app).await;
    let found = shop.stripe_api().get(&format!("/v1/customers/{customer}"));
    assert_eq!(found.expect(200).await.value()["deleted"], true);
    assert_eq!(shop.count("payment_customers").await, 0);
}

#[tokio::test]
async fn a_hosted_page_pays_and_only_its_own_order() {
    let shop = Shop::open().await;
    let anna = shop.person(Role::Customer);
    let variant = shop.peer.sell(1000, 100);
    let order = shop.placed(&anna, variant, 2).await;
    let hosted = json!({"method": "checkout_session"});
    let asked = shop
        .ask_to_pay(&anna, &order, hosted.clone())
        .await
        .expect(200)
        .value();
    let url = asked["checkout_url"].as_str().unwrap().to_owned();
    let again = shop
        .ask_to_pay(&anna, &order, hosted)
        .await
        .expect(200)
        .value();
    assert_eq!(again["checkout_url"], url, "the same page is found again");
    shop.pay_page(&url, "pm_card_visa").await;
    assert_eq!(
        statuses(&shop.order(&anna, &order).await),
        ("pending", "unpaid")
    );
    // The intent's news may come before the page's, and before we know the intent.
    shop.deliver_all().await;
    let paid = shop.order(&anna, &order).await;
    assert_eq!(statuses(&paid), ("confirmed", "paid"));
    let payment = format!("/api/payments/{}", order["payment_id"].as_str().unwrap());
    let payment = shop
        .client
        .get(&payment)
        .bearer(&anna.token)
        .expect(200)
        .await
        .value();
    assert!(payment["provider_ref"].as_str().unwrap().starts_with("pi_"));
    assert_eq!(payment["amount_captured"], order["total"]);

    // Without any webhook the reconciler finds it.
    let quiet = shop.placed(&anna, variant, 1).await;
    let asked = shop
        .ask_to_pay(&anna, &quiet, json!({"method": "checkout_session"}))
        .await;
    let asked = asked.expect(200).value();
    shop.pay_page(asked["checkout_url"].as_str().unwrap(), "pm_card_visa")
        .await;
    shop.set("UPDATE payments SET created_at = created_at - interval '2 minutes'")
        .await;
    order::reconcile(&shop.app).await;
    assert_eq!(
        statuses(&shop.order(&anna, &quiet).await),
        ("confirmed", "paid")
    );
}

#[tokio::test]
async fn another_way_to_pay_gives_up_the_first_so_that_nobody_pays_twice() {
    let shop = Shop::open().await;
    let anna = shop.person(Role::Customer);
    let order = shop.placed(&anna, shop.peer.sell(1000, 100), 1).await;
    let card = shop.start_payment(&anna, &order).await;
    let ask = async |method: &str| {
        shop.ask_to_pay(&anna, &order, json!({"method": method}))
            .await
            .expect(200)
            .value()
    };
    let page = ask("checkout_session").await;
    let url = page["checkout_url"].as_str().unwrap().to_owned();
    shop.confirm_at_stripe(&card, "pm_card_visa").await;
    assert_eq!(
        shop.live_intents().await,
        0,
        "the card's intent is cancelled"
    );
    let transfer = ask("bank_transfer").await;
    assert_eq!(transfer["payment"]["provider"], "manual");
    let (base, path) = url.split_at(url.find("/_stand_in").unwrap());
    let late = Client::new(base)
        .post(path)
        .form(&[("card", "pm_card_visa")])
        .send()
        .await;
    assert!(late.text().contains("no longer"), "the page is closed");
    let back = ask("card").await;
    assert_ne!(back["payment"]["provider_ref"], card);
    assert_eq!(shop.live_intents().await, 1);
    // News of what was given up changes nothing.
    shop.deliver_all().await;
    assert_eq!(
        statuses(&shop.order(&anna, &order).await),
        ("pending", "unpaid")
    );
    let _ = shop.pay(&anna, &order, "pm_card_visa").await;
    assert_eq!(
        statuses(&shop.order(&anna, &order).await),
        ("confirmed", "paid")
    );
}

#[tokio::test]
async fn who_paid_in_the_moment_of_changing_is_not_asked_again() {
    let shop = Shop::open().await;
    let anna = shop.person(Role::Customer);
    let order = shop.placed(&anna, shop.peer.sell(1000, 100), 1).await;
    let reference = shop.start_payment(&anna, &order).await;
    shop.confirm_at_stripe(&reference, "pm_card_visa").await;
    shop.ask_to_pay(&anna, &order, json!({"method": "checkout_session"}))
        .await
        .problem(409, "order_already_paid");
    assert_eq!(
        statuses(&shop.order(&anna, &order).await),
        ("confirmed", "paid")
    );
}

#[tokio::test]
async fn money_for_what_was_given_up_goes_back() {
    let shop = Shop::open().await;
    let anna = shop.person(Role::Customer);
    let order = shop.placed(&anna, shop.peer.sell(1000, 100), 1).await;
    let _ = shop.pay(&anna, &order, "pm_card_visa").await;
    // Another intent for the same payment: it should not exist, but whoever paid it gets the money back.
    let form = [
        ("amount", "1680"),
        ("currency", "eur"),
        (
            "metadata[payment_id]",
            order["payment_id"].as_str().unwrap(),
        ),
        ("payment_method", "pm_card_visa"),
        ("confirm", "true"),
    ];
    let stray = shop
        .stripe_api()
        .post("/v1/payment_intents")
        .form(&form)
        .expect(200)
        .await
        .value();
    shop.deliver_all().await;
    let refunds = format!(
        "/v1/refunds?payment_intent={}",
        stray["id"].as_str().unwrap()
    );
    let refunds = shop.stripe_api().get(&refunds).expect(200).await.value();
    assert_eq!(refunds["data"][0]["amount"], 1680);
    assert_eq!(
        statuses(&shop.order(&anna, &order).await),
        ("confirmed", "paid")
    );
    let kept: i64 =
        sqlx::query_scalar("SELECT count(*) FROM webhook_events WHERE outcome = 'stray'")
            .fetch_one(&shop.pool)
            .await
            .unwrap();
    assert_eq!(kept, 1);
}

#[tokio::test]
async fn wishes_that_make_no_sense_name_every_field() {
    let shop = Shop::open().await;
    let anna = shop.person(Role::Customer);
    let order = shop.placed(&anna, shop.peer.sell(1000, 100), 1).await;
    let body = json!({"method": "bank_transfer", "save_card": true, "saved_card": "pm_1", "test_payment_method": "pm_card_visa"});
    let problem = shop
        .ask_to_pay(&anna, &order, body)
        .await
        .problem(422, "validation_failed");
    assert!(
        problem["errors"].as_array().unwrap().len() >= 3,
        "{problem}"
    );
    shop.ask_to_pay(&anna, &order, json!({"method": "cash"}))
        .await
        .problem(422, "validation_failed");
}

/// Waits until so many others wait for a lock in this database.
pub(crate) async fn waiting_for_locks(superuser: &sqlx::PgPool, many: i64) {
    testkit::eventually("others wait for a lock", async || {
        let waiting: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
        )
        .fetch_one(superuser)
        .await
        .unwrap();
        (waiting == many).then_some(())
    })
    .await;
}

/// Asks to pay in two ways at once: both have read the order before either may write. Answers the statuses.
async fn in_two_tabs(shop: &Shop, person: &Person, order: &Value, ways: [&str; 2]) -> Vec<u16> {
    let superuser = shop.superuser().await;
    let mut gate = superuser.begin().await.unwrap();
    sqlx::query("SELECT FROM orders FOR UPDATE")
        .execute(&mut *gate)
        .await
        .unwrap();
    let asked = ways.map(|way| shop.ask_to_pay(person, order, json!({"method": way})));
    let open = async {
        waiting_for_locks(&superuser, 2).await;
        gate.rollback().await.unwrap();
    };
    let (answers, ()) = tokio::join!(futures::future::join_all(asked), open);
    let mut statuses: Vec<u16> = answers.into_iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    statuses
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_tabs_one_decides_how_an_order_is_paid() {
    let shop = Shop::open().await;
    let anna = shop.person(Role::Customer);
    let order = shop.placed(&anna, shop.peer.sell(1000, 100), 1).await;
    let statuses = in_two_tabs(&shop, &anna, &order, ["card", "checkout_session"]).await;
    assert_eq!(statuses, [200, 409]);
    let begun: (Option<String>, Option<String>) =
        sqlx::query_as("SELECT method, session_ref FROM payments")
            .fetch_one(&shop.pool)
            .await
            .unwrap();
    assert_eq!(
        begun.0.as_deref() == Some("checkout_session"),
        begun.1.is_some()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tabs_that_want_the_same_get_the_same() {
    let shop = Shop::open().await;
    let anna = shop.person(Role::Customer);
    let order = shop.placed(&anna, shop.peer.sell(1000, 100), 1).await;
    let statuses = in_two_tabs(&shop, &anna, &order, ["card", "card"]).await;
    assert_eq!(statuses, [200, 200]);
    let intents = shop.stripe_api().get("/v1/payment_intents");
    let intents = intents.expect(200).await.value();
    assert_eq!(intents["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_key_that_the_provider_does_not_take_decides_nothing() {
    let shop = Shop::open_with(&[("--stripe-secret-key", "sk_test_revoked")]).await;
    let anna = shop.person(Role::Customer);
    let order = shop.placed(&anna, shop.peer.sell(1000, 100), 1).await;
    shop.ask_to_pay(&anna, &order, json!({"method": "card"}))
        .await
        .problem(503, "unavailable");
    // Nobody is forgotten only because the provider would not listen.
    shop.set(
        "INSERT INTO payment_customers (user_id, provider_ref, created_at, erase_at)
         VALUES (gen_random_uuid(), 'cus_1', now(), now() - interval '1 minute')",
    )
    .await;
    order::reconcile(&shop.app).await;
    assert_eq!(shop.count("payment_customers").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_pays_twice_at_once_pays_once_and_reads_it_twice() {
    let shop = Shop::open().await;
    let anna = shop.person(Role::Customer);
    let order = shop.placed(&anna, shop.peer.sell(1000, 100), 1).await;
    let _ = shop.start_payment(&anna, &order).await;
    // Both learn that the payment waits before either pays.
    let slow = json!({"kind": "slow_answer", "method": "GET", "path": "/v1/payment_intents/", "times": 2, "delay_ms": 500});
    assert!(shop.at_the_bank("faults", slow).await.status < 300);
    let pay = || shop.pay(&anna, &order, "pm_card_visa");
    let (one, other) = tokio::join!(pay(), pay());
    assert_eq!(one["payment"]["status"], "succeeded");
    assert_eq!(other["payment"]["status"], "succeeded");
    assert_eq!(
        statuses(&shop.order(&anna, &order).await),
        ("confirmed", "paid")
    );
}
