//! The database's connections are cut under load.

use crate::world::{DEAD, TRIES, World, eventually};
use messaging::faults::Hook;
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
