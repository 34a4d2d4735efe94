//! The relay or the consumer dies between any two steps.

use crate::world::{Counted, Ledger, Trap, World, eventually};
use contracts::events::Envelope;
use messaging::faults::{Hook, Step};
use messaging::{Handler, HandlerError};
use sqlx::PgConnection;
use std::sync::atomic::{AtomicBool, Ordering};
use testkit::Fault;

async fn relay_dies_at(step: Step) {
    let world = World::new().await;
    let _ledger = world.start_ledger();
    for number in 1..=5 {
        world.publish("a", number).await;
        world.publish("b", number).await;
    }
    let trap = Trap::at(step);
    let relay = world.start_relay(trap.hook.clone());
    trap.sprung().await;
    relay.crash().await;

    let _relay = world.start_relay(Hook::default());
    world.publish("a", 6).await;
    world.applied(11).await;
    world.in_order().await;
}

#[tokio::test]
async fn the_relay_dies_with_a_claim() {
    relay_dies_at(Step::Claimed).await;
}

#[tokio::test]
async fn the_relay_dies_before_the_confirm() {
    relay_dies_at(Step::Sent).await;
}

#[tokio::test]
async fn the_relay_dies_after_the_confirm_and_before_the_delete() {
    relay_dies_at(Step::Confirmed).await;
}

#[tokio::test]
async fn the_relay_dies_between_two_windows() {
    relay_dies_at(Step::Deleted).await;
}

/// Fails the first time, so that the first delivery is moved to the retry queue.
#[derive(Default)]
struct FailsOnce(AtomicBool);

impl Handler<Counted> for FailsOnce {
    async fn handle(
        &self,
        tx: &mut PgConnection,
        event: Envelope<Counted>,
    ) -> Result<(), HandlerError> {
        if !self.0.swap(true, Ordering::SeqCst) {
            return Err(anyhow::anyhow!("not yet").into());
        }
        Ledger::default().handle(tx, event).await
    }
}

async fn consumer_dies_at(step: Step) {
    let world = World::new().await;
    let _relay = world.start_relay(Hook::default());
    let trap = Trap::at(step);
    let (proxy, url) = world.proxied().await;
    let consumer = if step == Step::Moved {
        world.start_consumer_through(url, FailsOnce::default(), trap.hook.clone())
    } else {
        world.start_consumer_through(url, Ledger::default(), trap.hook.clone())
    };
    for number in 1..=5 {
        world.publish("a", number).await;
        world.publish("b", number).await;
    }
    trap.sprung().await;
    // A process that is killed says no goodbye to the broker.
    proxy.set(Fault::Refuse);
    eventually("the connection is cut", async || proxy.open() == 0).await;
    consumer.crash().await;

    let _ledger = world.start_ledger();
    world.applied(10).await;
    if step != Step::Moved {
        world.in_order().await;
    }
}

#[tokio::test]
async fn the_consumer_dies_with_a_delivery() {
    consumer_dies_at(Step::Received).await;
}

#[tokio::test]
async fn the_consumer_dies_before_the_commit() {
    consumer_dies_at(Step::Applied).await;
}

#[tokio::test]
async fn the_consumer_dies_after_the_commit_and_before_the_acknowledgement() {
    consumer_dies_at(Step::Committed).await;
}

#[tokio::test]
async fn the_consumer_dies_after_the_acknowledgement() {
    consumer_dies_at(Step::Acknowledged).await;
}

#[tokio::test]
async fn the_consumer_dies_between_the_copy_for_a_retry_and_the_acknowledgement() {
    consumer_dies_at(Step::Moved).await;
}
