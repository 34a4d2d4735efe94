//! Idempotency keys.

use serde_json::json;
use stripe::{IdempotencyKey, RequestStrategy, StripeRequest as _};
use stripe_core::payment_intent::{CreatePaymentIntent, ListPaymentIntent};
use stripe_types::Currency;

use crate::support::{Stage, purchase, refusal};

fn strategy(key: &str) -> RequestStrategy {
    RequestStrategy::Idempotent(IdempotencyKey::new(key).unwrap())
}

#[tokio::test]
async fn the_same_key_and_body_get_the_first_answer() {
    let stage = Stage::set().await;
    let request = || {
        CreatePaymentIntent::new(1999, Currency::EUR)
            .customize()
            .request_strategy(strategy("one"))
    };
    let first = request().send(&stage.stripe).await.unwrap();
    let second = request().send(&stage.stripe).await.unwrap();
    assert_eq!(first.id, second.id);
    let listed = ListPaymentIntent::new().send(&stage.stripe).await.unwrap();
    assert_eq!(listed.data.len(), 1);

    let other = CreatePaymentIntent::new(2000, Currency::EUR)
        .customize()
        .request_strategy(strategy("one"));
    let (error, status) = refusal(other.send(&stage.stripe).await.unwrap_err());
    assert_eq!((status, error.type_.as_str()), (400, "idempotency_error"));
}

#[tokio::test]
async fn a_decline_is_kept_too() {
    let stage = Stage::set().await;
    let request = || {
        purchase("pm_card_chargeDeclined")
            .customize()
            .request_strategy(strategy("two"))
    };
    let first = refusal(request().send(&stage.stripe).await.unwrap_err()).0;
    let second = refusal(request().send(&stage.stripe).await.unwrap_err()).0;
    assert_eq!(first.charge, second.charge);
}

#[tokio::test]
async fn a_lost_answer_is_found_again_by_its_key() {
    let stage = Stage::set().await;
    for kind in ["error_after_work", "disconnect"] {
        stage
            .fault(json!({"kind": kind, "path": "payment_intents"}))
            .await;
        let request = || {
            purchase("pm_card_visa")
                .customize()
                .request_strategy(strategy(kind))
        };
        assert!(request().send(&stage.stripe).await.is_err(), "{kind}");
        request().send(&stage.stripe).await.unwrap();
    }
    let listed = ListPaymentIntent::new().send(&stage.stripe).await.unwrap();
    assert_eq!(listed.data.len(), 2, "each was charged once");
}
