//! A restart keeps what happened.

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
    let intent = purchase("pm_card_visa").send(&stage.stripe).await.unwrap();
    stage.shop.wait("payment_intent.succeeded", 1).await;
    stage.stand_in.stop().await.unwrap();

    let again = stripe_stand_in::start(settings).await.unwrap();
    let found = RetrievePaymentIntent::new(intent.id.clone())
        .send(&client(&again, "sk_test_mercato"))
        .await
        .unwrap();
    assert_eq!((found.id, found.status), (intent.id, intent.status));
}
