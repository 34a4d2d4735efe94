//! Webhooks as the shop gets them.

use stripe_core::refund::CreateRefund;
use stripe_webhook::{EventObject, Webhook};

use crate::support::{SECRET, Stage, purchase};

#[tokio::test]
async fn webhooks_are_signed_and_parse() {
    let stage = Stage::set().await;
    let intent = purchase("pm_card_visa").send(&stage.stripe).await.unwrap();
    let refund = CreateRefund::new()
        .payment_intent(intent.id.to_string())
        .amount(999);
    let refund = refund.send(&stage.stripe).await.unwrap();

    let (signature, body) = stage
        .shop
        .wait("payment_intent.succeeded", 1)
        .await
        .remove(0);
    let event = Webhook::construct_event(&body, &signature, SECRET).unwrap();
    let EventObject::PaymentIntentSucceeded(paid) = event.data.object else {
        panic!("{:?}", event.type_)
    };
    assert_eq!((paid.id, paid.amount_received), (intent.id.clone(), 1999));

    let (signature, body) = stage.shop.wait("charge.refunded", 1).await.remove(0);
    let event = Webhook::construct_event(&body, &signature, SECRET).unwrap();
    let EventObject::ChargeRefunded(charge) = event.data.object else {
        panic!("{:?}", event.type_)
    };
    assert_eq!((charge.amount_refunded, charge.refunded), (999, false));

    let (signature, body) = stage.shop.wait("refund.updated", 1).await.remove(0);
    let event = Webhook::construct_event(&body, &signature, SECRET).unwrap();
    let EventObject::RefundUpdated(updated) = event.data.object else {
        panic!("{:?}", event.type_)
    };
    assert_eq!(updated.id, refund.id);

    assert!(Webhook::construct_event(&body, &signature, "whsec_other").is_err());
    assert!(Webhook::construct_event(&body.replace("999", "998"), &signature, SECRET).is_err());
}

#[tokio::test]
async fn every_event_type_parses() {
    let stage = Stage::set().await;
    let manual = stripe_shared::PaymentIntentCaptureMethod::Manual;
    let intent = purchase("pm_card_visa")
        .capture_method(manual)
        .send(&stage.stripe)
        .await
        .unwrap();
    stripe_core::payment_intent::CancelPaymentIntent::new(intent.id)
        .send(&stage.stripe)
        .await
        .unwrap();
    purchase("pm_card_chargeDeclined")
        .send(&stage.stripe)
        .await
        .unwrap_err();
    for kind in [
        "payment_intent.amount_capturable_updated",
        "payment_intent.canceled",
        "payment_intent.payment_failed",
        "charge.refunded",
    ] {
        let (signature, body) = stage.shop.wait(kind, 1).await.remove(0);
        let event = Webhook::construct_event(&body, &signature, SECRET).unwrap();
        assert!(
            !matches!(event.data.object, EventObject::Unknown(_)),
            "{kind}"
        );
    }
}

#[tokio::test]
async fn a_shop_that_is_down_gets_the_webhook_later() {
    let stage = Stage::set().await;
    *stage.shop.failures.lock().unwrap() = 3;
    purchase("pm_card_visa").send(&stage.stripe).await.unwrap();
    stage.shop.wait("payment_intent.succeeded", 1).await;
    let deliveries = stage.stand_in.app().deliveries().list();
    assert_eq!(deliveries.len(), 1);
    assert!(deliveries[0].attempts >= 3);
}
