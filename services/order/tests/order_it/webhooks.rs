//! Webhooks: of another API version, for what we have not stored yet, and all of them in any order and number.

use auth_token::Role;
use primitives::{Clock, Random};
use serde_json::{Value, json};

use crate::payments::statuses;
use crate::shop::Shop;

#[tokio::test]
async fn another_api_version_is_noted_and_read_all_the_same() {
    let shop = Shop::open().await;
    let anna = shop.person(Role::Customer);
    let order = shop.placed(&anna, shop.peer.sell(1000, 100), 1).await;
    let reference = shop.start_payment(&anna, &order).await;
    shop.confirm_at_stripe(&reference, "pm_card_visa").await;
    for event in shop.stripe_events().await {
        // Only what has been there in every version.
        let object = &event["data"]["object"];
        let old = json!({"id": event["id"], "object": "event", "type": event["type"], "api_version": "2015-10-16",
            "data": {"object": {"id": object["id"], "status": object["status"], "amount_received": object["amount_received"]}}});
        assert_eq!(shop.deliver(&old).await.status, 204);
    }
    order::reconcile(&shop.app).await;
    assert_eq!(
        statuses(&shop.order(&anna, &order).await),
        ("confirmed", "paid")
    );
    let versions: Vec<String> =
        sqlx::query_scalar("SELECT DISTINCT api_version FROM webhook_events")
            .fetch_all(&shop.pool)
            .await
            .unwrap();
    assert_eq!(versions, ["2015-10-16"]);
}

#[tokio::test]
async fn news_may_come_before_we_have_stored_whose_it_is() {
    let shop = Shop::open().await;
    let anna = shop.person(Role::Customer);
    let order = shop.placed(&anna, shop.peer.sell(1000, 100), 1).await;
    let reference = shop.start_payment(&anna, &order).await;
    shop.confirm_at_stripe(&reference, "pm_card_visa").await;
    // As after a crash between the provider's answer and our writing it down.
    shop.set("UPDATE payments SET provider_ref = NULL").await;
    shop.deliver_all().await;
    assert_eq!(
        statuses(&shop.order(&anna, &order).await),
        ("confirmed", "paid")
    );

    // A refund likewise.
    let staff = shop.person(Role::Support);
    let _ = shop.refund(&staff, &order, json!({})).await.expect(202);
    let id: uuid::Uuid = sqlx::query_scalar("SELECT id FROM refunds")
        .fetch_one(&shop.pool)
        .await
        .unwrap();
    let form = [
        ("payment_intent", reference.as_str()),
        ("metadata[refund_id]", &id.to_string()),
    ];
    let _ = shop
        .stripe_api()
        .post("/v1/refunds")
        .form(&form)
        .expect(200)
        .await;
    shop.set("UPDATE refunds SET next_try_at = now() + interval '1 hour'")
        .await;
    shop.deliver_all().await;
    assert_eq!(
        statuses(&shop.order(&anna, &order).await),
        ("confirmed", "refunded")
    );
}

#[tokio::test]
async fn every_order_and_number_of_webhooks_ends_in_the_same_state() {
    let shop = Shop::open_with(&[("--payment-capture", "manual")]).await;
    let (anna, staff) = (shop.person(Role::Customer), shop.person(Role::Support));
    let variant = shop.peer.sell(1000, 1000);
    let mut orders = Vec::new();
    for _ in 0..4 {
        let order = shop.placed(&anna, variant, 1).await;
        let reference = shop.start_payment(&anna, &order).await;
        shop.confirm_at_stripe(&reference, "pm_card_chargeDeclined")
            .await;
        shop.confirm_at_stripe(&reference, "pm_card_visa").await;
        orders.push((order, reference));
    }
    shuffled(&shop, &shop.stripe_events().await).await;
    for (order, reference) in &orders {
        assert_eq!(
            statuses(&shop.order(&anna, order).await),
            ("confirmed", "authorized")
        );
        let path = format!(
            "/api/payments/{}/capture",
            order["payment_id"].as_str().unwrap()
        );
        let _ = shop.staff_post(&staff, &path, json!({})).await.expect(202);
        order::reconcile(&shop.app).await;
        let _ = shop
            .at_the_bank(&format!("intents/{reference}/dispute"), json!({}))
            .await;
    }
    let disputes = shop
        .stripe_api()
        .get("/v1/disputes")
        .expect(200)
        .await
        .value();
    for (at, dispute) in disputes["data"].as_array().unwrap().iter().enumerate() {
        let verdict = if at % 2 == 0 { "won" } else { "lost" };
        let path = format!("disputes/{}", dispute["id"].as_str().unwrap());
        assert_eq!(
            shop.at_the_bank(&path, json!({"status": verdict}))
                .await
                .status,
            200
        );
    }
    shuffled(&shop, &shop.stripe_events().await).await;
    for (at, (order, _)) in orders.iter().rev().enumerate() {
        let expected = if at % 2 == 0 { "paid" } else { "refunded" };
        assert_eq!(
            statuses(&shop.order(&anna, order).await),
            ("confirmed", expected)
        );
    }
    let sum: i64 =
        sqlx::query_scalar("SELECT coalesce(sum(amount), 0)::bigint FROM ledger_entries")
            .fetch_one(&shop.pool)
            .await
            .unwrap();
    assert_eq!(sum, 0);
    let doubled: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM outbox WHERE event_type IN ('payment.processed', 'order.confirmed')",
    )
    .fetch_one(&shop.pool)
    .await
    .unwrap();
    assert_eq!(doubled, 8, "each of both once for each order");
}

/// Delivers all events three times over in a random order, applying what is there now and then.
pub(crate) async fn shuffled(shop: &Shop, events: &[Value]) {
    let random = Random::system();
    let _ = Clock::system();
    let mut all: Vec<(u64, &Value)> = (0..3)
        .flat_map(|_| events)
        .map(|event| (u64::from_le_bytes(random.bytes::<8>()), event))
        .collect();
    all.sort_by_key(|(at, _)| *at);
    for (at, (_, event)) in all.iter().enumerate() {
        assert_eq!(shop.deliver(event).await.status, 204);
        if at % 7 == 0 {
            order::reconcile(&shop.app).await;
        }
    }
    order::reconcile(&shop.app).await;
}

#[tokio::test]
async fn money_that_comes_in_two_parts_is_in_the_books_twice_and_once_each() {
    let shop = Shop::open().await;
    let anna = shop.person(Role::Customer);
    let order = shop.placed(&anna, shop.peer.sell(1000, 100), 1).await;
    let reference = shop.start_payment(&anna, &order).await;
    let total = order["total"]["amount"].as_i64().unwrap();
    for (id, received) in [("evt_1", 1000), ("evt_2", total), ("evt_3", total)] {
        let object = json!({"id": reference, "status": "succeeded", "amount_received": received});
        let event = json!({"id": id, "object": "event", "type": "payment_intent.succeeded", "data": {"object": object}});
        assert_eq!(shop.deliver(&event).await.status, 204);
        order::reconcile(&shop.app).await;
    }
    assert_eq!(
        statuses(&shop.order(&anna, &order).await),
        ("confirmed", "paid")
    );
    let posted: Vec<i64> = sqlx::query_scalar(
        "SELECT amount FROM ledger_entries WHERE account = 'stripe' AND kind = 'charge' ORDER BY id",
    )
    .fetch_all(&shop.pool)
    .await
    .unwrap();
    assert_eq!(posted, [1000, total - 1000]);
}

#[tokio::test]
async fn what_was_dealt_with_long_ago_is_forgotten() {
    let shop = Shop::open().await;
    let event = json!({"id": "evt_1", "object": "event", "type": "customer.created", "data": {"object": {}}});
    for _ in 0..2 {
        assert_eq!(shop.deliver(&event).await.status, 204);
        order::reconcile(&shop.app).await;
        assert_eq!(shop.count("webhook_events").await, 1);
    }
    shop.set("UPDATE webhook_events SET processed_at = processed_at - interval '31 days'")
        .await;
    order::reconcile(&shop.app).await;
    assert_eq!(shop.count("webhook_events").await, 0);
}

#[tokio::test]
async fn staff_read_a_message_and_have_it_applied_again() {
    let shop = Shop::open().await;
    let anna = shop.person(Role::Customer);
    let order = shop.placed(&anna, shop.peer.sell(1000, 100), 1).await;
    let reference = shop.start_payment(&anna, &order).await;
    shop.confirm_at_stripe(&reference, "pm_card_visa").await;
    // As if it had been put aside: nothing is known of the payment.
    shop.set("UPDATE payments SET provider_ref = NULL").await;
    for event in shop.stripe_events().await {
        assert_eq!(shop.deliver(&event).await.status, 204);
    }
    shop.set("UPDATE webhook_events SET processed_at = now(), outcome = 'unknown'")
        .await;
    sqlx::query("UPDATE payments SET provider_ref = $1")
        .bind(&reference)
        .execute(&shop.pool)
        .await
        .unwrap();
    let id: String = sqlx::query_scalar(
        "SELECT id FROM webhook_events WHERE type = 'payment_intent.succeeded' AND subject = $1",
    )
    .bind(&reference)
    .fetch_one(&shop.pool)
    .await
    .unwrap();
    let panel = |role| {
        let user = auth_token::OnBehalfOf {
            user_id: anna.id,
            role,
            email: None,
            auth_time: None,
        };
        let token = shop.admin.token("order", Some(&user)).unwrap();
        shop.internal.clone().with_bearer(&token)
    };
    let support = panel(Role::Support);
    let path = format!("/internal/webhooks/{id}");
    let read = support.get(&path).expect(200).await.value();
    assert_eq!(read["order_id"], order["id"]);
    assert_eq!(read["payload"]["data"]["object"]["id"], reference);
    assert!(
        !read.to_string().contains("_secret_"),
        "what begins a payment is hidden"
    );

    for _ in 0..2 {
        let _ = support.post(&format!("{path}/replay")).expect(202).await;
    }
    order::reconcile(&shop.app).await;
    assert_eq!(
        statuses(&shop.order(&anna, &order).await),
        ("confirmed", "paid")
    );
    let outcome = support.get(&path).expect(200).await.value();
    assert!(outcome["processed_at"].is_string(), "{outcome}");
    // Once more: it has been applied, and nothing changes.
    let _ = support.post(&format!("{path}/replay")).expect(202).await;
    order::reconcile(&shop.app).await;
    let acts: i64 = sqlx::query_scalar("SELECT count(*) FROM outbox WHERE event_type = 'staff.acted' AND envelope -> 'data' ->> 'action' = 'webhook.replay'")
        .fetch_one(&shop.pool)
        .await
        .unwrap();
    assert_eq!(acts, 2, "twice in a row is one act");
    let paid: i64 =
        sqlx::query_scalar("SELECT count(*) FROM order_events WHERE type = 'payment.processed'")
            .fetch_one(&shop.pool)
            .await
            .unwrap();
    assert_eq!(paid, 1);

    for role in [Role::Customer, Role::Seller] {
        let client = panel(role);
        client.get(&path).send().await.problem(403, "forbidden");
        let replay = client.post(&format!("{path}/replay")).send().await;
        replay.problem(403, "forbidden");
    }
    let unknown = support.get("/internal/webhooks/evt_none").send().await;
    unknown.problem(404, "not_found");
}

#[tokio::test]
async fn why_a_message_was_given_up_is_kept() {
    let shop = Shop::open().await;
    let broken = json!({"id": "evt_1", "object": "event", "type": "payment_intent.succeeded", "data": {"object": {"id": "pi_1"}}});
    assert_eq!(shop.deliver(&broken).await.status, 204);
    shop.set("UPDATE webhook_events SET received_at = now() - interval '4 days'")
        .await;
    let path = "/internal/webhooks/evt_1";
    for _ in 0..2 {
        order::reconcile(&shop.app).await;
        let given_up = shop.panel().get(path).expect(200).await.value();
        assert_eq!(given_up["outcome"], "failed");
        assert!(given_up["processed_at"].is_string());
        let why = given_up["error"].as_str().unwrap();
        assert!(why.contains("status"), "{why}");
        // Staff have it applied once more: it is as broken as it was.
        let replay = shop.panel().post(&format!("{path}/replay"));
        let _ = replay.expect(202).await;
    }
}

#[tokio::test]
async fn a_message_belongs_to_its_order_however_it_is_paid_since() {
    let shop = Shop::open().await;
    let anna = shop.person(Role::Customer);
    let variant = shop.peer.sell(1000, 100);
    let order = shop.placed(&anna, variant, 1).await;
    let other = shop.placed(&anna, variant, 1).await;
    let reference = shop.start_payment(&anna, &order).await;
    let _ = shop.start_payment(&anna, &other).await;
    let transfer = json!({"method": "bank_transfer"});
    let _ = shop.ask_to_pay(&anna, &order, transfer).await.expect(200);
    shop.deliver_all().await;
    // What bears none of our words about the former attempt.
    let refund = json!({"id": "re_1", "payment_intent": reference, "status": "succeeded"});
    let late = json!({"id": "evt_late", "object": "event", "type": "refund.created", "data": {"object": refund}});
    assert_eq!(shop.deliver(&late).await.status, 204);
    let told: Vec<(String, Option<uuid::Uuid>)> =
        sqlx::query_as("SELECT id, order_id FROM webhook_events WHERE subject = $1")
            .bind(&reference)
            .fetch_all(&shop.pool)
            .await
            .unwrap();
    assert!(told.len() >= 2, "{told:?}");
    for (id, about) in told {
        assert_eq!(about, Some(crate::shop::id(&order).uuid()), "{id}");
    }
    order::reconcile(&shop.app).await;
    let path = "/internal/webhooks/evt_late";
    let read = shop.panel().get(path).expect(200).await.value();
    assert_eq!(read["order_id"], order["id"]);
    let _ = shop
        .panel()
        .post(&format!("{path}/replay"))
        .expect(202)
        .await;
    let acts = shop.events("staff.acted").await;
    let target = format!("order:{}", order["id"].as_str().unwrap());
    assert_eq!(acts.last().unwrap()["target"], target);

    // An account at the provider may serve others too.
    let object = json!({"id": "pi_other", "status": "canceled", "metadata": {"order_id": uuid::Uuid::from_u128(7)}});
    let strange = json!({"id": "evt_other", "object": "event", "type": "payment_intent.canceled", "data": {"object": object}});
    assert_eq!(shop.deliver(&strange).await.status, 204);
    let path = "/internal/webhooks/evt_other";
    let read = shop.panel().get(path).expect(200).await.value();
    assert!(read["order_id"].is_null(), "{read}");
}
