//! The database's connections are cut under load.

use crate::world::{DEAD, TRIES, Task, World, eventually};
use messaging::faults::{Hook, Step};
use messaging::relay::Relay;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use testkit::Fault;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_doubled_or_reordered_when_database_connections_are_cut() {
    let world = World::new().await;
    let _relays = [
        world.start_relay(Hook::default()),
        world.start_relay(Hook::default()),
    ];
    let _ledgers = [world.start_ledger(), world.start_ledger()];
    let cut = async {
        let mut administrator = world.administrator().await;
        for round in 1..=6 {
            eventually("the stream flows", async || {
                let applied: i64 = sqlx::query_scalar("SELECT count(*) FROM applied")
                    .fetch_one(&mut administrator)
                    .await
                    .unwrap();
                applied >= round * 50
            })
            .await;
            sqlx::query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
                .execute(&mut administrator)
                .await
                .unwrap();
        }
    };
    tokio::join!(world.publish_up_to(10, 60), cut);
    world.applied(600).await;
    world.in_order().await;
}

#[tokio::test]
async fn while_the_database_is_away_events_wait_and_lose_no_try() {
    let mut world = World::new().await;
    let _relay = world.start_relay(Hook::default());
    // Only the consumer loses its database.
    let (proxy, through) = world.proxied_pool().await;
    let direct = std::mem::replace(&mut world.pool, through);
    let _ledger = world.start_ledger();
    world.pool = direct;
    world.publish("a", 1).await;
    world.applied(1).await;

    proxy.set(Fault::Refuse);
    for number in 2..=5 {
        world.publish("a", number).await;
    }
    let before = proxy.accepted();
    eventually(
        "more connections were tried than an event has tries",
        async || proxy.accepted() > before + usize::try_from(TRIES).unwrap(),
    )
    .await;
    assert_eq!(world.count("SELECT count(*) FROM applied").await, 1);

    proxy.set(Fault::Pass);
    world.applied(5).await;
    world.in_order().await;
    assert!(world.vhost.peek(DEAD).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_relay_gives_back_what_it_holds_as_soon_as_the_database_is_back() {
    let world = World::new().await;
    let (proxy, through) = world.proxied_pool().await;
    let proxy = Arc::new(proxy);
    // Right before it would delete what the broker confirmed, which is the first thing that it then cannot do.
    let (away, was_away) = (Arc::clone(&proxy), AtomicBool::new(false));
    let hook = Hook::new(move |step| {
        if step == Step::Confirmed && !was_away.swap(true, Ordering::SeqCst) {
            away.set(Fault::Refuse);
        }
        Box::pin(async {})
    });
    let relay = Relay::new(through, world.url())
        .topology(World::topology())
        .lease(Duration::from_secs(3600))
        .hook(hook);
    let _relay = Task::spawn(|stop| relay.run(stop));
    world.publish("a", 1).await;
    eventually("it has tried for a while", async || proxy.accepted() >= 12).await;
    proxy.set(Fault::Pass);
    eventually("everything is sent", async || {
        world.count("SELECT count(*) FROM outbox").await == 0
    })
    .await;
}
