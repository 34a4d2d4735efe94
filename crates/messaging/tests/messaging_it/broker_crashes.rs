//! The broker is killed under load.

use crate::world::{QUEUE, World, eventually};
use messaging::faults::Hook;
use testkit::broker::Broker;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_doubled_or_reordered_when_the_broker_is_killed_under_load() {
    let mut broker = Broker::start().await.unwrap();
    let world = World::on(broker.vhost().await.unwrap()).await;
    World::topology().check(&world.url()).await.unwrap();
    eventually("the broker has its queues on disk", async || {
        ["", ".dead", ".retry.50ms", ".retry.200ms"]
            .iter()
            .all(|end| broker.has_on_disk(&world.vhost, &format!("{QUEUE}{end}")))
    })
    .await;
    let _relays = [
        world.start_relay(Hook::default()),
        world.start_relay(Hook::default()),
    ];
    let _ledgers = [world.start_ledger(), world.start_ledger()];
    for round in 1..=2 {
        let kill = async {
            // In the middle of the stream: some published, some claimed, some handed out and not acknowledged.
            eventually("the stream flows", async || {
                world.count("SELECT count(*) FROM applied").await >= round * 400 - 300
            })
            .await;
            broker.kill_and_restart().await.unwrap();
        };
        tokio::join!(world.publish_up_to(10, round * 40), kill);
    }
    world.applied(800).await;
    world.in_order().await;
}
