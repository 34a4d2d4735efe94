//! Bad days on demand.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use stripe_core::payment_intent::ListPaymentIntent;

use crate::support::{Stage, purchase, refusal};

#[tokio::test]
async fn webhooks_are_lost_late_repeated_and_shuffled() {
    let stage = Stage::set().await;
    let kind = "payment_intent.succeeded";

    stage
        .fault(json!({"kind": "webhook_lost", "event": kind}))
        .await;
    let lost = purchase("pm_card_visa").send(&stage.stripe).await.unwrap();
    stage
        .fault(json!({"kind": "webhook_repeated", "event": kind, "copies": 3}))
        .await;
    let repeated = purchase("pm_card_visa").send(&stage.stripe).await.unwrap();
    let received = stage.shop.wait(kind, 3).await;
    assert!(
        received
            .iter()
            .all(|(_, body)| body.contains(repeated.id.as_str()))
    );
    assert!(
        !received
            .iter()
            .any(|(_, body)| body.contains(lost.id.as_str()))
    );

    stage
        .fault(json!({"kind": "webhook_late", "event": kind, "delay_ms": 300}))
        .await;
    let asked = Instant::now();
    purchase("pm_card_visa").send(&stage.stripe).await.unwrap();
    stage.shop.wait(kind, 4).await;
    assert!(asked.elapsed() >= Duration::from_millis(300));

    stage
        .fault(json!({"kind": "webhook_shuffled", "event": kind, "times": 3}))
        .await;
    let mut sent = Vec::new();
    for _ in 0..3 {
        sent.push(
            purchase("pm_card_visa")
                .send(&stage.stripe)
                .await
                .unwrap()
                .id
                .to_string(),
        );
    }
    let received = stage.shop.wait(kind, 7).await;
    let order: Vec<String> = received[4..]
        .iter()
        .map(|(_, body)| {
            serde_json::from_str::<Value>(body).unwrap()["data"]["object"]["id"]
                .as_str()
                .unwrap()
                .into()
        })
        .collect();
    sent.reverse();
    assert_eq!(order, sent);
}

#[tokio::test]
async fn answers_are_slow_refused_or_wrong() {
    let stage = Stage::set().await;
    stage
        .fault(json!({"kind": "rate_limited", "method": "POST"}))
        .await;
    assert_eq!(
        refusal(
            purchase("pm_card_visa")
                .send(&stage.stripe)
                .await
                .unwrap_err()
        )
        .1,
        429
    );
    stage
        .fault(json!({"kind": "error_before_work", "path": "payment_intents"}))
        .await;
    assert_eq!(
        refusal(
            purchase("pm_card_visa")
                .send(&stage.stripe)
                .await
                .unwrap_err()
        )
        .1,
        500
    );
    assert!(
        ListPaymentIntent::new()
            .send(&stage.stripe)
            .await
            .unwrap()
            .data
            .is_empty()
    );

    stage
        .fault(json!({"kind": "slow_answer", "delay_ms": 200}))
        .await;
    let asked = Instant::now();
    purchase("pm_card_visa").send(&stage.stripe).await.unwrap();
    assert!(asked.elapsed() >= Duration::from_millis(200));
    let waiting: Vec<Value> = stage
        .http
        .get(stage.url("_stand_in/faults"))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert!(waiting.is_empty(), "each strikes once: {waiting:?}");
}
