//! Reconcilers: each finds its own work in the database, is safe to run twice and in several replicas, and runs by
//! signal and by timer.

mod cancel_payments;
mod captures;
mod carts;
mod clean_up;
mod documents;
mod erase;
mod erase_customers;
mod expire_unpaid;
mod fees;
mod partitions;
mod reconcile;
mod refunds;
mod stock;
mod unheard_payments;
mod webhooks;

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::app::AppState;

/// How much one round of one reconciler takes on.
const BATCH: i64 = 50;

/// Runs all reconcilers until shutdown, whenever somebody signals work and at the interval of the settings.
pub(crate) async fn run(app: AppState, interval: Duration, shutdown: CancellationToken) {
    let mut timer = tokio::time::interval(interval);
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = app.reconcile.notified() => {}
            _ = timer.tick() => {}
        }
        // A round that has begun is finished: shutdown waits for it.
        round(&app).await;
    }
}

/// One round of every reconciler. What fails is logged and found again in a later round.
pub async fn round(app: &AppState) {
    log("webhooks", webhooks::run(app).await);
    log("captures", captures::run(app).await);
    log("refunds", refunds::run(app).await);
    log("unheard_payments", unheard_payments::run(app).await);
    log("expire_unpaid", expire_unpaid::run(app).await);
    log("cancel_payments", cancel_payments::run(app).await);
    log("carts", carts::run(app).await);
    log("stock", stock::run(app).await);
    log("fees", fees::run(app).await);
    log("documents", documents::run(app).await);
    log("erase", erase::run(app).await);
    log("erase_customers", erase_customers::run(app).await);
    log("partitions", partitions::run(app).await);
    log("clean_up", clean_up::run(app).await);
}

pub(crate) use reconcile::run as reconcile;

fn log(job: &'static str, done: anyhow::Result<usize>) {
    match done {
        Ok(0) => {}
        Ok(count) => tracing::info!(job, count, "reconciled"),
        Err(error) => tracing::error!(job, error = format!("{error:#}"), "a reconciler failed"),
    }
}
