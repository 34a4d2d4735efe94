//! Looks for news about what people wish for, and has it mailed.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::workflows::wishes::{self, Mailer};

/// Runs at once and then on a timer.
pub(crate) async fn run(mailer: Mailer, every: Duration, shutdown: CancellationToken) {
    let mut timer = tokio::time::interval(every);
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = timer.tick() => {}
        }
        if let Err(error) = all(&mailer, &shutdown).await {
            tracing::warn!(
                error = format!("{error:#}"),
                "news of wishes could not be told; trying again later"
            );
        }
    }
}

/// Compares and tells until nothing is left to do now.
pub(crate) async fn all(mailer: &Mailer, shutdown: &CancellationToken) -> anyhow::Result<()> {
    while !shutdown.is_cancelled() && wishes::compare(&mailer.cx).await? {}
    while !shutdown.is_cancelled() && mailer.batch().await? {}
    Ok(())
}
