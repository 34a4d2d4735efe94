//! Events that fail: tried again with growing pauses, then kept aside with the reason.

use crate::world::{Counted, DEAD, Ledger, QUEUE, TRIES, World};
use contracts::events::Envelope;
use messaging::dead_letters::{DeadLetters, Fate};
use messaging::faults::Hook;
use messaging::{Handler, HandlerError, headers};
use serde_json::json;
use sqlx::PgConnection;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use testkit::Fault;

/// Fails as told, by account, and counts its calls.
#[derive(Clone, Default)]
struct Moody {
    calls: Arc<Mutex<HashMap<String, u32>>>,
}

impl Handler<Counted> for Moody {
    async fn handle(
        &self,
        tx: &mut PgConnection,
        event: Envelope<Counted>,
    ) -> Result<(), HandlerError> {
        let calls = {
            let mut all = self.calls.lock().unwrap();
            let calls = all.entry(event.data.account.clone()).or_default();
            *calls += 1;
            *calls
        };
        match event.data.account.as_str() {
            "fails twice" if calls <= 2 => Err(anyhow::anyhow!("call {calls}").into()),
            "panics once" if calls == 1 => panic!("call {calls}"),
            "fails in the database" if calls == 1 => Err(sqlx::query("SELECT 1 / 0")
                .execute(tx)
                .await
                .unwrap_err()
                .into()),
            "fails for ever" => {
                // Written and rolled back each time.
                Ledger::default().handle(tx, event).await?;
                Err(anyhow::anyhow!("root cause")
                    .context(format!("call {calls}"))
                    .into())
            }
            "is refused" => Err(HandlerError::Reject("no such account".into())),
            _ => Ledger::default().handle(tx, event).await,
        }
    }
}

#[tokio::test]
async fn what_fails_is_tried_again_and_applied_once() {
    let world = World::new().await;
    let moody = Moody::default();
    let (_relay, _consumer) = (
        world.start_relay(Hook::default()),
        world.start_consumer(moody.clone(), Hook::default()),
    );
    for account in [
        "fails twice",
        "panics once",
        "fails in the database",
        "works",
    ] {
        world.publish(account, 1).await;
    }
    world.applied(4).await;
    let calls = moody.calls.lock().unwrap().clone();
    assert_eq!(
        (
            calls["fails twice"],
            calls["panics once"],
            calls["fails in the database"],
            calls["works"]
        ),
        (3, 2, 2, 1)
    );
    assert!(world.vhost.peek(DEAD).await.unwrap().is_empty());
}

#[tokio::test]
async fn after_the_last_try_an_event_is_dead_and_says_why_and_can_be_requeued() {
    let world = World::new().await;
    let moody = Moody::default();
    let _relay = world.start_relay(Hook::default());
    let consumer = world.start_consumer(moody.clone(), Hook::default());
    let id = world.publish("fails for ever", 1).await;
    let dead = world.dead(1).await.remove(0);
    assert_eq!(dead.header(headers::REASON), "exhausted");
    assert_eq!(
        dead.header(headers::ERROR),
        format!("call {TRIES}: root cause")
    );
    assert_eq!(dead.header(headers::QUEUE), QUEUE);
    assert_eq!(dead.properties["headers"][headers::ATTEMPTS], TRIES);
    assert_eq!(dead.properties["message_id"], id.to_string());
    assert_eq!(moody.calls.lock().unwrap()["fails for ever"], TRIES);
    assert_eq!(world.count("SELECT count(*) FROM applied").await, 0);
    consumer.stop().await;

    // The bug is fixed; staff put it back.
    let _ledger = world.start_ledger();
    assert!(
        world
            .vhost
            .publish("", dead.header(headers::QUEUE), json!({}), &dead.body)
            .await
            .unwrap()
    );
    world.applied(1).await;
}

#[tokio::test]
async fn what_the_handler_rejects_is_dead_at_once() {
    let world = World::new().await;
    let moody = Moody::default();
    let (_relay, _consumer) = (
        world.start_relay(Hook::default()),
        world.start_consumer(moody.clone(), Hook::default()),
    );
    world.publish("is refused", 1).await;
    let dead = world.dead(1).await.remove(0);
    assert_eq!(
        (dead.header(headers::REASON), dead.header(headers::ERROR)),
        ("rejected", "no such account")
    );
    assert_eq!(moody.calls.lock().unwrap()["is refused"], 1);
}

#[tokio::test]
async fn poison_is_dead_at_once_and_stops_nobody() {
    let world = World::new().await;
    World::topology().check(&world.url()).await.unwrap();
    let id = "01939a3c-0000-7000-8000-000000000001";
    let envelope = |event: &str, data: serde_json::Value| {
        json!({"specversion": "1.0", "id": id, "type": event, "source": "x", "subject": "account:a", "time": "2026-01-01T00:00:00Z",
               "datacontenttype": "application/json", "data": data})
        .to_string()
    };
    let poison = [
        "not json".to_owned(),
        "{}".to_owned(),
        String::new(),
        envelope("test.other", json!({"account": "a", "number": 1})),
        envelope("test.counted", json!({"account": "a", "number": "one"})),
    ];
    for body in &poison {
        world
            .vhost
            .publish("mercato.events", "test.counted", json!({}), body)
            .await
            .unwrap();
    }
    let (_relay, _ledger) = (world.start_relay(Hook::default()), world.start_ledger());
    world.publish("a", 1).await;
    world.applied(1).await;
    let dead = world.dead(poison.len()).await;
    assert!(
        dead.iter()
            .all(|m| m.header(headers::REASON) == "poison" && !m.header(headers::ERROR).is_empty()),
        "{dead:?}"
    );
    let mut bodies: Vec<_> = dead.into_iter().map(|m| m.body).collect();
    let mut expected = poison.to_vec();
    bodies.sort();
    expected.sort();
    assert_eq!(bodies, expected);
}

#[tokio::test]
async fn redelivered_and_copied_events_are_applied_once() {
    let world = World::new().await;
    World::topology().check(&world.url()).await.unwrap();
    let relay = world.start_relay(Hook::default());
    for number in 1..=3 {
        world.publish("a", number).await;
    }
    let originals = world.take(3).await;
    relay.stop().await;
    for original in &originals {
        let body = std::str::from_utf8(&original.data).unwrap();
        for _ in 0..3 {
            world
                .vhost
                .publish("mercato.events", "test.counted", json!({}), body)
                .await
                .unwrap();
        }
    }
    // One more of the same aggregate comes after all of them.
    let (_relay, _ledger) = (world.start_relay(Hook::default()), world.start_ledger());
    world.publish("a", 4).await;
    world.applied(4).await;
}

#[tokio::test]
async fn the_broker_gives_up_an_event_that_kills_its_consumers() {
    use futures::StreamExt;
    use lapin::options::{BasicConsumeOptions, BasicNackOptions};
    let world = World::new().await;
    World::topology().check(&world.url()).await.unwrap();
    world
        .vhost
        .publish("mercato.events", "test.counted", json!({}), "deadly")
        .await
        .unwrap();
    let connection = lapin::Connection::connect(
        world.vhost.amqp_url(),
        lapin::ConnectionProperties::default(),
    )
    .await
    .unwrap();
    let channel = connection.create_channel().await.unwrap();
    let mut consumer = channel
        .basic_consume(
            QUEUE.into(),
            "".into(),
            BasicConsumeOptions::default(),
            Default::default(),
        )
        .await
        .unwrap();
    let dying = tokio::spawn(async move {
        let mut deliveries = 0;
        while let Some(Ok(delivery)) = consumer.next().await {
            deliveries += 1;
            delivery
                .acker
                .nack(BasicNackOptions {
                    requeue: true,
                    ..Default::default()
                })
                .await
                .unwrap();
            if deliveries == 21 {
                break;
            }
        }
        deliveries
    });
    let dead = world.dead(1).await.remove(0);
    assert_eq!(dying.await.unwrap(), 21);
    assert_eq!(dead.header("x-first-death-reason"), "delivery_limit");
    assert_eq!(dead.header("x-first-death-queue"), QUEUE);
}

#[tokio::test]
async fn what_was_done_is_counted_when_the_time_is_over() {
    let world = World::new().await;
    World::topology().check(&world.url()).await.unwrap();
    for body in ["first", "second"] {
        assert!(
            world
                .vhost
                .publish("", DEAD, json!({}), body)
                .await
                .unwrap()
        );
    }
    let (proxy, url) = world.proxied().await;
    let letters = DeadLetters::open(&url).await.unwrap();
    // The broker falls silent before it can confirm what goes back.
    let within = Duration::from_secs(3);
    let tally = letters.go_through(QUEUE, 2, within, |letter| {
        if letter.body == b"first" {
            return (Fate::Drop, false);
        }
        proxy.set(Fault::Stall);
        (Fate::Requeue, true)
    });
    let tally = tally.await;
    assert_eq!((tally.seen, tally.dropped, tally.requeued), (2, 1, 0));
    assert!(tally.error.is_some());
}
