//! Money that is held first: taken whole or in part, let go, or lost.

use auth_token::Role;
use serde_json::{Value, json};

use crate::payments::statuses;
use crate::shop::{Person, Shop};

const MANUAL: &[(&str, &str)] = &[("--payment-capture", "manual")];

/// An order whose money is held, the path of its payment, and who may take it.
async fn held(shop: &Shop) -> (Person, Person, Value, String) {
    let (anna, staff) = (shop.person(Role::Customer), shop.person(Role::Support));
    let order = shop.placed(&anna, shop.peer.sell(1000, 100), 2).await;
    let paid = shop.pay(&anna, &order, "pm_card_visa").await;
    assert_eq!(paid["payment"]["status"], "authorized");
    assert_eq!(paid["payment"]["amount_authorized"], order["total"]);
    assert_eq!(paid["payment"]["amount_captured"]["amount"], 0);
    assert_eq!(
        statuses(&shop.order(&anna, &order).await),
        ("confirmed", "authorized")
    );
    let path = format!("/api/payments/{}", order["payment_id"].as_str().unwrap());
    (anna, staff, order, path)
}

fn euro(amount: i64) -> Value {
    json!({"amount": {"amount": amount, "currency": "EUR"}})
}

#[tokio::test]
async fn held_money_is_taken_once_and_refunded_at_most() {
    let shop = Shop::open_with(MANUAL).await;
    let (anna, staff, order, path) = held(&shop).await;
    let capture = format!("{path}/capture");
    shop.staff_post(&anna, &capture, json!({}))
        .await
        .problem(403, "forbidden");
    let total = order["total"]["amount"].as_i64().unwrap();
    let problem = shop.staff_post(&staff, &capture, euro(total + 1)).await;
    let problem = problem.problem(409, "capture_exceeds_authorization");
    assert_eq!(problem["held"], order["total"]);
    shop.refund(&staff, &order, json!({}))
        .await
        .problem(409, "refund_exceeds_payment");

    // Less than the whole: the provider does it, and its answer is lost.
    let fault = json!({"kind": "error_after_work", "path": "/capture", "method": "POST"});
    let _ = shop.at_the_bank("faults", fault).await;
    let first = shop
        .staff_post(&staff, &capture, euro(1500))
        .await
        .expect(202)
        .value();
    assert_eq!(
        (
            &first["capture"]["status"],
            &first["capture"]["amount"]["amount"]
        ),
        (&json!("pending"), &json!(1500))
    );
    let again = shop
        .staff_post(&staff, &capture, euro(1500))
        .await
        .expect(202)
        .value();
    assert_eq!(
        again["capture"]["id"], first["capture"]["id"],
        "it is done once"
    );
    shop.staff_post(&staff, &capture, euro(1600))
        .await
        .problem(409, "payment_not_capturable");
    order::reconcile(&shop.app).await;
    shop.set("UPDATE payment_captures SET next_try_at = now() - interval '1 second'")
        .await;
    order::reconcile(&shop.app).await;
    shop.deliver_all().await;
    assert_eq!(
        statuses(&shop.order(&anna, &order).await),
        ("confirmed", "paid")
    );
    let payment = shop
        .client
        .get(&path)
        .bearer(&anna.token)
        .expect(200)
        .await
        .value();
    assert_eq!(
        (&payment["status"], &payment["amount_captured"]["amount"]),
        (&json!("succeeded"), &json!(1500))
    );
    let processed = shop.events("payment.processed").await;
    assert_eq!(
        (processed.len(), &processed[0]["amount"]["amount"]),
        (1, &json!(1500))
    );
    let done = shop
        .staff_post(&staff, &capture, json!({}))
        .await
        .expect(202)
        .value();
    assert_eq!(done["capture"]["status"], "succeeded");

    shop.refund(&staff, &order, euro(1501))
        .await
        .problem(409, "refund_exceeds_payment");
    let _ = shop.refund(&staff, &order, json!({})).await.expect(202);
    order::reconcile(&shop.app).await;
    assert_eq!(
        statuses(&shop.order(&anna, &order).await),
        ("confirmed", "refunded")
    );
    let posted: Vec<(String, i64)> = sqlx::query_as(
        "SELECT kind, amount FROM ledger_entries WHERE amount > 0 AND kind <> 'fee' ORDER BY id",
    )
    .fetch_all(&shop.pool)
    .await
    .unwrap();
    assert_eq!(
        posted,
        [("capture".to_owned(), 1500), ("refund".to_owned(), 1500)]
    );
}

#[tokio::test]
async fn held_money_is_let_go_with_its_order() {
    let shop = Shop::open_with(MANUAL).await;
    let (anna, staff, order, path) = held(&shop).await;
    let void = format!("{path}/void");
    shop.staff_post(&anna, &void, json!({}))
        .await
        .problem(403, "forbidden");
    let _ = shop.staff_post(&staff, &void, json!({})).await.expect(202);
    order::reconcile(&shop.app).await;
    shop.deliver_all().await;
    assert_eq!(
        statuses(&shop.order(&anna, &order).await),
        ("cancelled", "unpaid")
    );
    let payment = shop
        .client
        .get(&path)
        .bearer(&anna.token)
        .expect(200)
        .await
        .value();
    assert_eq!(payment["status"], "cancelled");
    let reference = payment["provider_ref"].as_str().unwrap();
    let intent = shop
        .stripe_api()
        .get(&format!("/v1/payment_intents/{reference}"));
    assert_eq!(intent.expect(200).await.value()["status"], "canceled");
    shop.staff_post(&staff, &void, json!({}))
        .await
        .problem(409, "payment_not_voidable");

    // Cancelling does the same.
    let (anna, _, order, _) = held(&shop).await;
    let cancel = format!("/api/orders/{}/cancel", order["id"].as_str().unwrap());
    let _ = shop
        .client
        .put(&cancel)
        .bearer(&anna.token)
        .json(&json!({}))
        .expect(200)
        .await;
    order::reconcile(&shop.app).await;
    assert_eq!(
        statuses(&shop.order(&anna, &order).await),
        ("cancelled", "unpaid")
    );
    assert_eq!(shop.count("ledger_entries").await, 0);
}

#[tokio::test]
async fn held_money_that_is_lost_cancels_what_was_not_sent() {
    let shop = Shop::open_with(MANUAL).await;
    let (anna, staff, order, path) = held(&shop).await;
    let payment = shop
        .client
        .get(&path)
        .bearer(&anna.token)
        .expect(200)
        .await
        .value();
    let reference = payment["provider_ref"].as_str().unwrap();
    let gone = format!("/v1/payment_intents/{reference}/cancel");
    let _ = shop
        .stripe_api()
        .post(&gone)
        .form(&[("cancellation_reason", "abandoned")])
        .expect(200)
        .await;
    // Asked for while it was already gone: nothing is taken, and nobody is charged.
    let _ = shop
        .staff_post(&staff, &format!("{path}/capture"), json!({}))
        .await
        .expect(202);
    order::reconcile(&shop.app).await;
    shop.deliver_all().await;
    assert_eq!(shop.order(&anna, &order).await["status"], "cancelled");
    let capture: String = sqlx::query_scalar("SELECT status FROM payment_captures")
        .fetch_one(&shop.pool)
        .await
        .unwrap();
    assert_eq!(capture, "failed");
    assert_eq!(shop.count("ledger_entries").await, 0);
}

#[tokio::test]
async fn a_hosted_page_holds_money_too() {
    let shop = Shop::open_with(MANUAL).await;
    let anna = shop.person(Role::Customer);
    let order = shop.placed(&anna, shop.peer.sell(1000, 100), 1).await;
    let asked = shop
        .ask_to_pay(&anna, &order, json!({"method": "checkout_session"}))
        .await;
    let asked = asked.expect(200).value();
    let url = asked["checkout_url"].as_str().unwrap();
    let (base, path) = url.split_at(url.find("/_stand_in").unwrap());
    let _ = testkit::http::Client::new(base)
        .post(path)
        .form(&[("card", "pm_card_visa")])
        .send()
        .await;
    shop.deliver_all().await;
    assert_eq!(
        statuses(&shop.order(&anna, &order).await),
        ("confirmed", "authorized")
    );
}

#[tokio::test]
async fn what_is_taken_days_later_is_invoiced_by_itself() {
    let shop = Shop::open_with(MANUAL).await;
    let (_, staff, _, path) = held(&shop).await;
    shop.set("UPDATE orders SET confirmed_at = now() - interval '5 days'")
        .await;
    let capture = format!("{path}/capture");
    let _ = shop
        .staff_post(&staff, &capture, json!({}))
        .await
        .expect(202);
    for _ in 0..2 {
        order::reconcile(&shop.app).await;
    }
    let number: Option<String> = sqlx::query_scalar("SELECT invoice_number FROM orders")
        .fetch_one(&shop.pool)
        .await
        .unwrap();
    assert_eq!(number.as_deref(), Some("INV-0000001"));
}
