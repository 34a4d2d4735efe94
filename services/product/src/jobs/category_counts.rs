//! Adds up the changes of the categories' counts, so that reading them stays quick.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::app::Context;
use crate::store::categories as store;

/// Runs at once and then on a timer.
pub(crate) async fn run(cx: Context, every: Duration, shutdown: CancellationToken) {
    let mut timer = tokio::time::interval(every);
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = timer.tick() => {}
        }
        let added_up = async {
            let mut db = cx.pool.acquire().await?;
            store::add_up_counts(&mut db).await
        };
        if let Err(error) = added_up.await {
            tracing::warn!(%error, "counts could not be added up; trying again later");
        }
    }
}
