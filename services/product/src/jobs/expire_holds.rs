//! Lets go of holds whose time is up.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::app::Context;
use crate::domain::hold::OrderFate;
use crate::store::{reservations as store, stock_requests};
use crate::workflows::settlements;

/// Runs at once and then on a timer.
pub(crate) async fn run(cx: Context, every: Duration, shutdown: CancellationToken) {
    let mut timer = tokio::time::interval(every);
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = timer.tick() => {}
        }
        match all(&cx, &shutdown).await {
            Ok(0) => {}
            Ok(orders) => tracing::info!(orders, "holds expired"),
            Err(error) => tracing::warn!(%error, "holds could not be expired; trying again later"),
        }
        if let Err(error) = forget_requests(&cx).await {
            tracing::warn!(%error, "old answers could not be forgotten; trying again later");
        }
    }
}

/// Nobody repeats a request after a day.
async fn forget_requests(cx: &Context) -> sqlx::Result<u64> {
    let mut db = cx.pool.acquire().await?;
    let day = Duration::from_secs(24 * 3_600);
    stock_requests::forget_before(&mut db, cx.clock.now() - day).await
}

/// Lets go of every hold that is past its time now, one order in a transaction; answers how many. Whoever else does the same
/// meanwhile takes other orders.
pub(crate) async fn all(cx: &Context, shutdown: &CancellationToken) -> sqlx::Result<usize> {
    let mut orders = 0;
    while !shutdown.is_cancelled() {
        let mut tx = cx.pool.begin().await?;
        let Some(order) = store::lock_expired(&mut tx, cx.clock.now()).await? else {
            break;
        };
        settlements::settle(&mut tx, cx, order, OrderFate::TimedOut, &[]).await?;
        tx.commit().await?;
        orders += 1;
    }
    Ok(orders)
}
