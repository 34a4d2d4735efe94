//! The database's connections are cut under load.

use crate::world::{World, eventually};
use messaging::faults::Hook;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_doubled_or_reordered_when_database_connections_are_cut() {
    let world = World::new().await;
    let _relays = [world.start_relay(Hook::default()), world.start_relay(Hook::default())];
    let _ledgers = [world.start_ledger(), world.start_ledger()];
    let cut = async {
        let mut administrator = world.administrator().await;
        for round in 1..=6 {
            eventually("the stream flows", async || {
                let applied: i64 = sqlx::query_scalar("SELECT count(*) FROM applied").fetch_one(&mut administrator).await.unwrap();
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
