//! The ordinary way of an event.

use crate::world::{Counted, Ignored, Ledger, QUEUE, Trap, World, eventually};
use messaging::faults::{Hook, Step};
use sqlx::Row;
use sqlx::postgres::PgPoolOptions;
use std::time::Duration;

#[tokio::test]
async fn an_event_is_applied_once_if_its_transaction_commits_and_never_if_it_rolls_back() {
    let world = World::new().await;
    let (_relay, _ledger) = (world.start_relay(Hook::default()), world.start_ledger());

    let mut tx = world.pool.begin().await.unwrap();
    world
        .publisher
        .publish(
            &mut tx,
            &Counted {
                account: "a".into(),
                number: 1,
            },
        )
        .await
        .unwrap();
    tx.rollback().await.unwrap();
    world.publish("a", 2).await;

    world.applied(1).await;
    assert_eq!(world.count("SELECT number FROM applied").await, 2);
}

#[tokio::test]
async fn publishing_wakes_the_relay_at_commit() {
    let world = World::new().await;
    let (_relay, _ledger) = (world.start_relay(Hook::default()), world.start_ledger());
    world.publish("a", 0).await;
    world.applied(1).await;
    // Two polls would take four seconds; twenty wake-ups take a fraction of one.
    let began = std::time::Instant::now();
    for number in 1..=20 {
        world.publish("a", number).await;
        world.applied(number + 1).await;
    }
    assert!(
        began.elapsed() < Duration::from_secs(20),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test]
async fn the_envelope_is_a_cloud_event_and_the_headers_repeat_what_the_broker_needs() {
    let world = World::new().await;
    World::topology().check(&world.url()).await.unwrap();
    let id = world.publish("a", 7).await;
    let relay = world.start_relay(Hook::default());
    let message = world.take(1).await.remove(0);
    relay.stop().await;

    let envelope: serde_json::Value = serde_json::from_slice(&message.data).unwrap();
    assert_eq!(envelope["specversion"], "1.0");
    assert_eq!(envelope["id"], id.to_string());
    assert_eq!(envelope["type"], "test.counted");
    assert_eq!(envelope["source"], "mercato/test");
    assert_eq!(envelope["subject"], "account:a");
    assert_eq!(envelope["sequence"], "0000000000000000001");
    assert_eq!(
        envelope["data"],
        serde_json::json!({"account": "a", "number": 7})
    );
    let properties = &message.properties;
    assert_eq!(
        properties.message_id().as_ref().unwrap().as_str(),
        id.to_string()
    );
    assert_eq!(properties.kind().as_ref().unwrap().as_str(), "test.counted");
    assert_eq!(
        properties.content_type().as_ref().unwrap().as_str(),
        "application/cloudevents+json"
    );
    assert_eq!(*properties.delivery_mode(), Some(2));
    let sequence = properties.headers().as_ref().unwrap().inner()["sequence"]
        .as_long_string()
        .unwrap()
        .to_string();
    assert_eq!(sequence, "0000000000000000001");
}

#[tokio::test]
async fn an_event_that_nobody_reads_is_no_error() {
    let world = World::new().await;
    let (_relay, _ledger) = (world.start_relay(Hook::default()), world.start_ledger());
    let mut tx = world.pool.begin().await.unwrap();
    world
        .publisher
        .publish(
            &mut tx,
            &Ignored {
                account: "a".into(),
            },
        )
        .await
        .unwrap();
    tx.commit().await.unwrap();
    world.publish("a", 1).await;
    world.applied(1).await;
}

#[tokio::test]
async fn a_queue_that_vanishes_while_the_relay_is_connected_is_declared_again() {
    let world = World::new().await;
    let _relay = world.start_relay(Hook::default());
    let ledger = world.start_ledger();
    world.publish("a", 1).await;
    world.applied(1).await;
    ledger.stop().await;

    world.vhost.delete_queue(QUEUE).await.unwrap();
    world.publish("a", 2).await;
    let _ledger = world.start_ledger();
    world.applied(2).await;
}

#[tokio::test]
async fn a_soft_stop_finishes_what_has_begun_and_leaves_the_rest() {
    let world = World::new().await;
    let relay = world.start_relay(Hook::default());
    let ledger = world.start_consumer(
        Ledger {
            slow: Some(Duration::from_millis(100)),
        },
        Hook::default(),
    );
    for number in 1..=30 {
        world.publish("a", number).await;
    }
    eventually("some are applied", async || {
        world.count("SELECT count(*) FROM applied").await >= 2
    })
    .await;
    ledger.stop().await;
    relay.stop().await;
    let before = world.count("SELECT count(*) FROM applied").await;
    assert!(before < 30, "the rest is left");

    let (_relay, _ledger) = (world.start_relay(Hook::default()), world.start_ledger());
    world.applied(30).await;
    world.in_order().await;
}

#[tokio::test]
async fn the_relay_calls_nothing_remote_inside_a_transaction() {
    let world = World::new().await;
    let trap = Trap::at(Step::Sent);
    let _relay = world.start_relay(trap.hook.clone());
    world.publish("a", 1).await;
    trap.sprung().await;
    let open = sqlx::query("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'")
        .fetch_one(&world.pool)
        .await
        .unwrap();
    assert_eq!(open.get::<i64, _>(0), 0);
}

#[tokio::test]
async fn listening_leaves_the_connections_of_the_pool_to_others() {
    let world = World::new().await;
    let options = world.pool.connect_options().as_ref().clone();
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .connect_lazy_with(options);
    let mut listener = runtime::pg::listen(&pool, "outbox").await.unwrap();
    sqlx::query("NOTIFY outbox").execute(&pool).await.unwrap();
    assert_eq!(listener.recv().await.unwrap().channel(), "outbox");
}
