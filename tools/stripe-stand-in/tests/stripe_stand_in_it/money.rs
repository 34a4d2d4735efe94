//! Taking money and giving it back.

use std::collections::HashMap;

use serde_json::Value;
use stripe_core::payment_intent::{
    CancelPaymentIntent, CapturePaymentIntent, ConfirmPaymentIntent, CreatePaymentIntent,
    ListPaymentIntent, RetrievePaymentIntent, UpdatePaymentIntent,
};
use stripe_core::refund::{CreateRefund, ListRefund, RetrieveRefund};
use stripe_shared::payment_intent::PaymentIntentStatus as Status;
use stripe_types::{Currency, Expandable};

use crate::support::{Stage, client, purchase, refusal};

#[tokio::test]
async fn an_intent_is_made_changed_confirmed_and_found_again() {
    let stage = Stage::set().await;
    let metadata = HashMap::from([("order_id".to_owned(), "42".to_owned())]);
    let intent = CreatePaymentIntent::new(1999, Currency::EUR)
        .metadata(metadata)
        .description("Order 42")
        .receipt_email("buyer@example.com")
        .send(&stage.stripe)
        .await
        .unwrap();
    assert_eq!(intent.status, Status::RequiresPaymentMethod);
    assert_eq!(intent.metadata["order_id"], "42");

    let intent = UpdatePaymentIntent::new(intent.id.clone())
        .amount(2500)
        .send(&stage.stripe)
        .await
        .unwrap();
    assert_eq!(intent.amount, 2500);

    let paid = ConfirmPaymentIntent::new(intent.id.clone())
        .payment_method("pm_card_visa")
        .send(&stage.stripe)
        .await
        .unwrap();
    assert_eq!(
        (paid.status, paid.amount_received),
        (Status::Succeeded, 2500)
    );

    let found = RetrievePaymentIntent::new(intent.id.clone())
        .expand(["latest_charge".to_owned()])
        .send(&stage.stripe)
        .await
        .unwrap();
    let Some(Expandable::Object(charge)) = found.latest_charge else {
        panic!("not expanded")
    };
    assert!(charge.paid && charge.captured);
    assert_eq!(
        charge
            .payment_method_details
            .unwrap()
            .card
            .unwrap()
            .last4
            .as_deref(),
        Some("4242")
    );

    let listed = ListPaymentIntent::new()
        .limit(1)
        .send(&stage.stripe)
        .await
        .unwrap();
    assert_eq!(listed.data[0].id, intent.id);
    assert!(!listed.has_more);

    // Charges, customers and events are parsed with the shared types: their requests are not among our features.
    let raw = stage
        .get(&format!("v1/charges/{}", charge.id.as_str()))
        .await;
    let charge: stripe_shared::Charge = miniserde::json::from_str(&raw).unwrap();
    assert_eq!(charge.amount_captured, 2500);
    let raw = stage
        .get(&format!("v1/charges?payment_intent={}", intent.id))
        .await;
    let charges: stripe_types::List<stripe_shared::Charge> =
        miniserde::json::from_str(&raw).unwrap();
    assert_eq!(charges.data.len(), 1);

    let again = ConfirmPaymentIntent::new(intent.id)
        .send(&stage.stripe)
        .await
        .unwrap_err();
    let (error, status) = refusal(again);
    assert_eq!(
        (status, error.code.unwrap().as_str()),
        (400, "payment_intent_unexpected_state")
    );
}

#[tokio::test]
async fn a_declined_card_is_402_and_another_may_pay() {
    let stage = Stage::set().await;
    let (error, status) = refusal(
        purchase("pm_card_chargeDeclined")
            .send(&stage.stripe)
            .await
            .unwrap_err(),
    );
    assert_eq!(
        (status, error.code.unwrap().as_str()),
        (402, "card_declined")
    );
    assert_eq!(error.decline_code.as_deref(), Some("generic_decline"));
    let intent = error.payment_intent.unwrap();
    assert_eq!(intent.status, Status::RequiresPaymentMethod);
    assert!(intent.last_payment_error.is_some());
    stage.shop.wait("payment_intent.payment_failed", 1).await;

    let found = RetrievePaymentIntent::new(intent.id.clone())
        .send(&stage.stripe)
        .await
        .unwrap();
    assert_eq!(
        found.last_payment_error.unwrap().decline_code.as_deref(),
        Some("generic_decline")
    );
    let paid = ConfirmPaymentIntent::new(intent.id)
        .payment_method("pm_card_visa")
        .send(&stage.stripe)
        .await
        .unwrap();
    assert_eq!(paid.status, Status::Succeeded);
    assert!(paid.last_payment_error.is_none());
}

#[tokio::test]
async fn authentication_is_asked_for_and_given() {
    let stage = Stage::set().await;
    let intent = purchase("pm_card_authenticationRequired")
        .send(&stage.stripe)
        .await
        .unwrap();
    assert_eq!(intent.status, Status::RequiresAction);
    assert_eq!(intent.next_action.unwrap().type_, "redirect_to_url");
    let url = stage.url(&format!("_stand_in/intents/{}/authenticate", intent.id));
    let shown: Value = stage
        .http
        .post(url)
        .json(&serde_json::json!({}))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(shown["status"], "succeeded");

    let off_session = purchase("pm_card_authenticationRequired")
        .off_session(stripe_core::payment_intent::CreatePaymentIntentOffSession::Bool(true));
    let (error, status) = refusal(off_session.send(&stage.stripe).await.unwrap_err());
    assert_eq!(
        (status, error.code.unwrap().as_str()),
        (402, "authentication_required")
    );
}

#[tokio::test]
async fn manual_capture_takes_a_part_and_cancel_lets_the_rest_go() {
    let stage = Stage::set().await;
    let manual = || {
        purchase("pm_card_visa").capture_method(stripe_shared::PaymentIntentCaptureMethod::Manual)
    };
    let intent = manual().send(&stage.stripe).await.unwrap();
    assert_eq!(
        (intent.status, intent.amount_capturable),
        (Status::RequiresCapture, 1999)
    );
    stage
        .shop
        .wait("payment_intent.amount_capturable_updated", 1)
        .await;
    let too_much = CapturePaymentIntent::new(intent.id.clone()).amount_to_capture(2000);
    assert_eq!(
        refusal(too_much.send(&stage.stripe).await.unwrap_err()).1,
        400
    );
    let captured = CapturePaymentIntent::new(intent.id)
        .amount_to_capture(1500)
        .send(&stage.stripe)
        .await
        .unwrap();
    assert_eq!(
        (captured.status, captured.amount_received),
        (Status::Succeeded, 1500)
    );

    let intent = manual().send(&stage.stripe).await.unwrap();
    let given_up = CancelPaymentIntent::new(intent.id.clone())
        .send(&stage.stripe)
        .await
        .unwrap();
    assert_eq!(
        (given_up.status, given_up.amount_capturable),
        (Status::Canceled, 0)
    );
    stage.shop.wait("payment_intent.canceled", 1).await;
    let (error, status) = refusal(
        CancelPaymentIntent::new(intent.id)
            .send(&stage.stripe)
            .await
            .unwrap_err(),
    );
    assert_eq!(
        (status, error.code.unwrap().as_str()),
        (400, "payment_intent_unexpected_state")
    );
}

#[tokio::test]
async fn refunds_never_exceed_what_was_paid() {
    let stage = Stage::set().await;
    let intent = purchase("pm_card_visa").send(&stage.stripe).await.unwrap();
    let id = intent.id.to_string();
    let part = CreateRefund::new()
        .payment_intent(id.clone())
        .amount(500)
        .send(&stage.stripe)
        .await
        .unwrap();
    assert_eq!(
        (part.amount, part.status.as_deref()),
        (500, Some("succeeded"))
    );
    let too_much = CreateRefund::new().payment_intent(id.clone()).amount(1500);
    assert_eq!(
        refusal(too_much.send(&stage.stripe).await.unwrap_err())
            .0
            .param
            .as_deref(),
        Some("amount")
    );
    let rest = CreateRefund::new()
        .payment_intent(id.clone())
        .reason(stripe_core::refund::CreateRefundReason::RequestedByCustomer)
        .send(&stage.stripe)
        .await
        .unwrap();
    assert_eq!(rest.amount, 1499);
    let (error, _) = refusal(
        CreateRefund::new()
            .payment_intent(id.clone())
            .send(&stage.stripe)
            .await
            .unwrap_err(),
    );
    assert_eq!(error.code.unwrap().as_str(), "charge_already_refunded");

    let found = RetrieveRefund::new(rest.id)
        .send(&stage.stripe)
        .await
        .unwrap();
    assert!(matches!(found.payment_intent, Some(Expandable::Id(found)) if found == intent.id));
    let listed = ListRefund::new()
        .payment_intent(id)
        .send(&stage.stripe)
        .await
        .unwrap();
    assert_eq!(
        listed.data.iter().map(|refund| refund.amount).sum::<i64>(),
        1999
    );
    stage.shop.wait("charge.refunded", 2).await;
}

#[tokio::test]
async fn a_pending_refund_may_fail() {
    let stage = Stage::set().await;
    let intent = purchase("pm_card_pendingRefund")
        .send(&stage.stripe)
        .await
        .unwrap();
    let refund = CreateRefund::new()
        .payment_intent(intent.id.to_string())
        .send(&stage.stripe)
        .await
        .unwrap();
    assert_eq!(refund.status.as_deref(), Some("pending"));
    let url = stage.url(&format!("_stand_in/refunds/{}", refund.id));
    let answer = stage
        .http
        .post(url)
        .json(&serde_json::json!({"status": "failed"}))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    stage.shop.wait("refund.failed", 1).await;
    let again = CreateRefund::new()
        .payment_intent(intent.id.to_string())
        .send(&stage.stripe)
        .await;
    assert!(again.is_ok(), "the money is there to be refunded again");
}

#[tokio::test]
async fn a_bank_sends_a_refund_back_that_had_succeeded() {
    let stage = Stage::set().await;
    let intent = purchase("pm_card_visa").send(&stage.stripe).await.unwrap();
    let refund = CreateRefund::new()
        .payment_intent(intent.id.to_string())
        .amount(400)
        .send(&stage.stripe)
        .await
        .unwrap();
    assert_eq!(refund.status.as_deref(), Some("succeeded"));
    let settle = || {
        let url = stage.url(&format!("_stand_in/refunds/{}", refund.id));
        let failed = serde_json::json!({"status": "failed"});
        stage.http.post(url).json(&failed).send()
    };
    assert_eq!(settle().await.unwrap().status(), 200);
    assert_eq!(settle().await.unwrap().status(), 409, "it fails once");
    stage.shop.wait("charge.refund.updated", 1).await;
    stage.shop.wait("refund.failed", 1).await;
    let now = RetrieveRefund::new(refund.id.to_string())
        .send(&stage.stripe)
        .await
        .unwrap();
    assert_eq!(now.status.as_deref(), Some("failed"));
    assert!(now.failure_balance_transaction.is_some());
}

#[tokio::test]
async fn customers_and_events_parse() {
    let stage = Stage::set().await;
    let answer = stage
        .http
        .post(stage.url("v1/customers"))
        .bearer_auth("sk_test_mercato")
        .form(&[("email", "buyer@example.com"), ("metadata[user_id]", "7")])
        .send()
        .await
        .unwrap();
    let customer: stripe_shared::Customer =
        miniserde::json::from_str(&answer.text().await.unwrap()).unwrap();
    let raw = stage.get(&format!("v1/customers/{}", customer.id)).await;
    let found: stripe_shared::Customer = miniserde::json::from_str(&raw).unwrap();
    assert_eq!(found.metadata.unwrap()["user_id"], "7");

    purchase("pm_card_visa")
        .customer(customer.id.to_string())
        .send(&stage.stripe)
        .await
        .unwrap();
    let raw = stage.get("v1/events?type=payment_intent.*").await;
    let events: stripe_types::List<stripe_shared::Event> = miniserde::json::from_str(&raw).unwrap();
    assert_eq!(events.data.len(), 2, "created and succeeded");
    let raw = stage.get(&format!("v1/events/{}", events.data[0].id)).await;
    let event: stripe_shared::Event = miniserde::json::from_str(&raw).unwrap();
    assert_eq!(
        event.api_version.as_deref(),
        Some(stripe_shared::version::VERSION.as_str())
    );
}

#[tokio::test]
async fn what_stripe_refuses_is_refused() {
    let stage = Stage::set().await;
    let wrong = client(&stage.stand_in, "sk_test_other");
    assert_eq!(
        refusal(purchase("pm_card_visa").send(&wrong).await.unwrap_err()).1,
        401
    );
    let (error, status) = refusal(
        purchase("pm_card_none")
            .send(&stage.stripe)
            .await
            .unwrap_err(),
    );
    assert_eq!(
        (status, error.code.unwrap().as_str()),
        (404, "resource_missing")
    );
    let small = CreatePaymentIntent::new(10, Currency::EUR)
        .send(&stage.stripe)
        .await
        .unwrap_err();
    assert_eq!(refusal(small).0.code.unwrap().as_str(), "amount_too_small");
    let (error, status) = refusal(
        RetrievePaymentIntent::new("pi_none")
            .send(&stage.stripe)
            .await
            .unwrap_err(),
    );
    assert_eq!(
        (status, error.code.unwrap().as_str()),
        (404, "resource_missing")
    );
    let answer = stage
        .http
        .post(stage.url("v1/payment_intents"))
        .basic_auth("sk_test_mercato", Some(""))
        .form(&[("amout", "1999"), ("currency", "eur")])
        .send()
        .await
        .unwrap();
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["error"]["code"], "parameter_unknown");
}

#[tokio::test]
async fn a_browser_pays_with_the_publishable_key_and_the_client_secret() {
    let stage = Stage::set().await;
    let intent = CreatePaymentIntent::new(1999, Currency::EUR)
        .send(&stage.stripe)
        .await
        .unwrap();
    let url = stage.url(&format!("v1/payment_intents/{}/confirm", intent.id));
    let confirm = async |secret: &str| {
        let form = [
            ("payment_method", "pm_card_visa"),
            ("client_secret", secret),
        ];
        stage
            .http
            .post(&url)
            .bearer_auth("pk_test_mercato")
            .form(&form)
            .send()
            .await
            .unwrap()
            .status()
    };
    assert_eq!(confirm("pi_guessed").await, 404);
    assert_eq!(confirm(&intent.client_secret.unwrap()).await, 200);
    let browser = client(&stage.stand_in, "pk_test_mercato");
    assert_eq!(
        refusal(purchase("pm_card_visa").send(&browser).await.unwrap_err()).1,
        401
    );
}
