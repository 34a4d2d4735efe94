//! The order of an aggregate's events.

use crate::world::{Counted, Task, World};
use contracts::events::Envelope;
use messaging::faults::Hook;
use messaging::{Handler, HandlerError};
use sqlx::PgConnection;
use std::sync::atomic::{AtomicBool, Ordering};

#[tokio::test]
async fn several_relays_and_consumers_keep_the_order_of_every_aggregate() {
    let world = World::new().await;
    let _relays: Vec<Task> = [7, 20, 256]
        .map(|batch| {
            let relay = world.relay().batch(batch);
            Task::spawn(|shutdown| relay.run(shutdown))
        })
        .into();
    let _ledgers = [world.start_ledger(), world.start_ledger()];
    world.publish_up_to(12, 40).await;
    world.applied(480).await;
    world.in_order().await;
}

#[tokio::test]
async fn the_order_of_one_aggregate_is_that_of_the_commits() {
    let world = World::new().await;
    let mut first = world.pool.begin().await.unwrap();
    world
        .publisher
        .publish(
            &mut first,
            &Counted {
                account: "a".into(),
                number: 1,
            },
        )
        .await
        .unwrap();
    let (pool, publisher) = (world.pool.clone(), world.publisher.clone());
    let second = tokio::spawn(async move {
        let mut second = pool.begin().await.unwrap();
        publisher
            .publish(
                &mut second,
                &Counted {
                    account: "a".into(),
                    number: 2,
                },
            )
            .await
            .unwrap();
        second.commit().await.unwrap();
    });
    crate::world::eventually("the second waits for the first", async || {
        world.count("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())").await == 1
    })
    .await;
    // Another aggregate does not wait.
    world.publish("b", 1).await;
    first.commit().await.unwrap();
    second.await.unwrap();

    let (_relay, _ledger) = (world.start_relay(Hook::default()), world.start_ledger());
    world.applied(3).await;
    world.in_order().await;
}

/// Keeps the latest number of each account by the events' sequence; the first event fails once and so comes after the second.
#[derive(Default)]
struct Latest(AtomicBool);

impl Handler<Counted> for Latest {
    async fn handle(
        &self,
        tx: &mut PgConnection,
        event: Envelope<Counted>,
    ) -> Result<(), HandlerError> {
        if event.data.number == 1 && !self.0.swap(true, Ordering::SeqCst) {
            return Err(anyhow::anyhow!("not yet").into());
        }
        sqlx::query(
            "INSERT INTO latest VALUES ($1, $2, $3)
             ON CONFLICT (account) DO UPDATE SET number = excluded.number, sequence = excluded.sequence WHERE latest.sequence < excluded.sequence",
        )
        .bind(&event.data.account)
        .bind(event.data.number)
        .bind(event.sequence)
        .execute(&mut *tx)
        .await?;
        crate::world::note(tx, &event).await?;
        Ok(())
    }
}

#[tokio::test]
async fn an_event_that_a_retry_made_late_does_not_undo_a_later_one() {
    let world = World::new().await;
    let (_relay, _consumer) = (
        world.start_relay(Hook::default()),
        world.start_consumer(Latest::default(), Hook::default()),
    );
    world.publish("a", 1).await;
    world.publish("a", 2).await;
    world.applied(2).await;
    assert_eq!(
        world
            .count("SELECT number FROM applied ORDER BY at LIMIT 1")
            .await,
        2,
        "the retry did reorder them"
    );
    assert_eq!(world.count("SELECT number FROM latest").await, 2);
}
