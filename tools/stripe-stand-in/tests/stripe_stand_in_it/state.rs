//! A restart keeps what happened.

use stripe::{IdempotencyKey, RequestStrategy, StripeRequest as _};
use stripe_core::payment_intent::RetrievePaymentIntent;
use stripe_stand_in::Settings;

use crate::support::{Stage, client, purchase};

#[tokio::test]
async fn a_restart_keeps_intents_and_keys() {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings {
        state: Some(folder.path().join("stripe.json")),
        ..Settings::for_tests()
    };
    let stage = Stage::set_with(settings.clone()).await;
    let key = RequestStrategy::Idempotent(IdempotencyKey::new("kept").unwrap());
    let intent = purchase("pm_card_visa").customize().request_strategy(key);
    let intent = intent.send(&stage.stripe).await.unwrap();
    stage.shop.wait("payment_intent.succeeded", 1).await;
    stage.stand_in.stop().await.unwrap();

    // A crash may tear the last line.
    let file = settings.state.clone().unwrap();
    let mut text = std::fs::read_to_string(&file).unwrap();
    text.push_str("{\"intent\": {\"id\": \"pi_to");
    std::fs::write(&file, text).unwrap();

    let again = stripe_stand_in::start(settings).await.unwrap();
    let found = RetrievePaymentIntent::new(intent.id.clone())
        .send(&client(&again, "sk_test_mercato"))
        .await
        .unwrap();
    assert_eq!((&found.id, found.status), (&intent.id, intent.status));
    let same_key = RequestStrategy::Idempotent(IdempotencyKey::new("kept").unwrap());
    let replayed = purchase("pm_card_visa")
        .customize()
        .request_strategy(same_key);
    let replayed = replayed
        .send(&client(&again, "sk_test_mercato"))
        .await
        .unwrap();
    assert_eq!(replayed.id, found.id);
    assert!(
        std::fs::read_to_string(&file).unwrap().lines().count() < 10,
        "rewritten at the start"
    );
}
