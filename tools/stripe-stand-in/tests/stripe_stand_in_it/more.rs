//! Saved cards, hosted pages, disputes and fees: every answer is parsed with async-stripe's own types.

use serde_json::{Value, json};
use stripe_checkout::checkout_session::{
    CreateCheckoutSession, CreateCheckoutSessionLineItems, CreateCheckoutSessionLineItemsPriceData,
    CreateCheckoutSessionPaymentIntentData, ExpireCheckoutSession, ProductData,
    RetrieveCheckoutSession,
};
use stripe_core::balance_transaction::RetrieveBalanceTransaction;
use stripe_core::customer::{
    CreateCustomer, DeleteCustomer, ListPaymentMethodsCustomer, RetrievePaymentMethodCustomer,
};
use stripe_core::dispute::{ListDispute, RetrieveDispute};
use stripe_core::payment_intent::{
    ConfirmPaymentIntent, CreatePaymentIntent, RetrievePaymentIntent,
};
use stripe_payment::payment_method::DetachPaymentMethod;
use stripe_shared::{
    CheckoutSessionMode, DisputeStatus, PaymentIntentSetupFutureUsage, PaymentIntentStatus,
};
use stripe_types::{Currency, Expandable};

use crate::support::{Stage, purchase, refusal};

fn hosted() -> CreateCheckoutSession {
    let line = CreateCheckoutSessionLineItems {
        price_data: Some(CreateCheckoutSessionLineItemsPriceData {
            product_data: Some(ProductData::new("Order 1000001")),
            unit_amount: Some(1999),
            ..CreateCheckoutSessionLineItemsPriceData::new(Currency::EUR)
        }),
        quantity: Some(1),
        ..CreateCheckoutSessionLineItems::new()
    };
    CreateCheckoutSession::new()
        .mode(CheckoutSessionMode::Payment)
        .line_items(vec![line])
        .success_url("https://shop.test/orders/1")
        .payment_intent_data(CreateCheckoutSessionPaymentIntentData {
            metadata: Some([("payment_id".to_owned(), "7".to_owned())].into()),
            ..CreateCheckoutSessionPaymentIntentData::new()
        })
}

#[tokio::test]
async fn a_card_is_saved_found_used_again_and_removed() {
    let stage = Stage::set().await;
    let customer = CreateCustomer::new().send(&stage.stripe).await.unwrap();
    let saving = purchase("pm_card_visa")
        .customer(customer.id.to_string())
        .setup_future_usage(PaymentIntentSetupFutureUsage::OnSession);
    saving.send(&stage.stripe).await.unwrap();
    let cards = ListPaymentMethodsCustomer::new(customer.id.clone());
    let listed = cards.send(&stage.stripe).await.unwrap();
    assert_eq!(listed.data.len(), 1);
    let card = listed.data[0].id.clone();
    let found = RetrievePaymentMethodCustomer::new(customer.id.clone(), card.to_string());
    let found = found.send(&stage.stripe).await.unwrap();
    assert_eq!(found.card.unwrap().last4, "4242");

    let theirs = CreatePaymentIntent::new(500, Currency::EUR).customer(customer.id.to_string());
    let theirs = theirs.send(&stage.stripe).await.unwrap();
    let paid = ConfirmPaymentIntent::new(theirs.id).payment_method(card.to_string());
    assert_eq!(
        paid.send(&stage.stripe).await.unwrap().status,
        PaymentIntentStatus::Succeeded
    );
    let strangers = CreatePaymentIntent::new(500, Currency::EUR)
        .payment_method(card.to_string())
        .confirm(true);
    assert_eq!(
        refusal(strangers.send(&stage.stripe).await.unwrap_err()).1,
        400
    );

    DetachPaymentMethod::new(card.clone())
        .send(&stage.stripe)
        .await
        .unwrap();
    assert!(cards.send(&stage.stripe).await.unwrap().data.is_empty());
    assert_eq!(
        refusal(
            DetachPaymentMethod::new(card)
                .send(&stage.stripe)
                .await
                .unwrap_err()
        )
        .1,
        400
    );
    DeleteCustomer::new(customer.id)
        .send(&stage.stripe)
        .await
        .unwrap();
    assert_eq!(refusal(cards.send(&stage.stripe).await.unwrap_err()).1, 404);
}

#[tokio::test]
async fn a_hosted_page_is_paid_or_expires() {
    let stage = Stage::set().await;
    let session = hosted().send(&stage.stripe).await.unwrap();
    assert!(session.payment_intent.is_none(), "made by the first try");
    let url = session.url.unwrap();
    let browser = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let shown = browser
        .get(&url)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(
        shown.contains("1 × Order 1000001") && shown.contains("19.99 EUR"),
        "{shown}"
    );
    let pay = async |card: &str| {
        browser
            .post(&url)
            .form(&[("card", card)])
            .send()
            .await
            .unwrap()
    };
    let declined = pay("pm_card_chargeDeclined").await;
    assert!(declined.text().await.unwrap().contains("was declined"));
    let asked = pay("pm_card_authenticationRequired").await;
    let bank = asked.headers()["location"].to_str().unwrap().to_owned();
    let question = browser
        .get(&bank)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(question.contains("19.99 EUR"));
    let answered = browser
        .post(&bank)
        .form(&[("success", "true")])
        .send()
        .await
        .unwrap();
    assert_eq!(answered.headers()["location"], "https://shop.test/orders/1");
    stage.shop.wait("checkout.session.completed", 1).await;
    let found = RetrieveCheckoutSession::new(session.id.clone())
        .send(&stage.stripe)
        .await
        .unwrap();
    assert_eq!(found.payment_status.as_str(), "paid");
    let Some(Expandable::Id(intent)) = found.payment_intent else {
        panic!("no intent")
    };
    let intent = RetrievePaymentIntent::new(intent)
        .send(&stage.stripe)
        .await
        .unwrap();
    assert_eq!(
        (intent.amount_received, &*intent.metadata["payment_id"]),
        (1999, "7")
    );
    let late = ExpireCheckoutSession::new(session.id)
        .send(&stage.stripe)
        .await;
    assert_eq!(refusal(late.unwrap_err()).1, 400);

    let other = hosted().send(&stage.stripe).await.unwrap();
    ExpireCheckoutSession::new(other.id)
        .send(&stage.stripe)
        .await
        .unwrap();
    stage.shop.wait("checkout.session.expired", 1).await;
    let late = browser
        .post(other.url.unwrap())
        .form(&[("card", "pm_card_visa")])
        .send()
        .await;
    assert!(late.unwrap().text().await.unwrap().contains("no longer"));
}

#[tokio::test]
async fn disputes_and_fees_move_the_balance() {
    let stage = Stage::set().await;
    let intent = purchase("pm_card_createDispute")
        .send(&stage.stripe)
        .await
        .unwrap();
    stage.shop.wait("charge.dispute.funds_withdrawn", 1).await;
    let listed = ListDispute::new().send(&stage.stripe).await.unwrap();
    let dispute = &listed.data[0];
    assert_eq!(dispute.status, DisputeStatus::NeedsResponse);
    assert_eq!(
        (
            dispute.balance_transactions[0].amount,
            dispute.balance_transactions[0].fee
        ),
        (-1999, 2000)
    );
    let verdict = stage.url(&format!("_stand_in/disputes/{}", dispute.id));
    let decide = async |status: &str| {
        stage
            .http
            .post(&verdict)
            .json(&json!({"status": status}))
            .send()
            .await
            .unwrap()
            .status()
    };
    assert_eq!(decide("won").await, 200);
    assert_eq!(decide("lost").await, 400, "it is decided");
    let won = RetrieveDispute::new(dispute.id.clone())
        .send(&stage.stripe)
        .await
        .unwrap();
    assert_eq!(won.balance_transactions.len(), 2);
    stage.shop.wait("charge.dispute.closed", 1).await;

    let expanded = RetrievePaymentIntent::new(intent.id)
        .expand(vec!["latest_charge.balance_transaction".to_owned()]);
    let found = expanded.send(&stage.stripe).await.unwrap();
    let Some(Expandable::Object(charge)) = found.latest_charge else {
        panic!("not expanded")
    };
    assert!(charge.disputed);
    let Some(Expandable::Object(moved)) = charge.balance_transaction else {
        panic!("not expanded")
    };
    assert_eq!((moved.amount, moved.fee, moved.net), (1999, 55, 1944));
    let again = RetrieveBalanceTransaction::new(moved.id)
        .send(&stage.stripe)
        .await
        .unwrap();
    assert_eq!(again.fee, 55);

    let asked = purchase("pm_card_createDisputeInquiry")
        .send(&stage.stripe)
        .await
        .unwrap();
    let raw = stage
        .get(&format!("v1/disputes?payment_intent={}", asked.id))
        .await;
    let inquiry: Value = serde_json::from_str(&raw).unwrap();
    assert_eq!(inquiry["data"][0]["status"], "warning_needs_response");
    assert_eq!(inquiry["data"][0]["balance_transactions"], json!([]));
}
