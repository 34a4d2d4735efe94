//! Counts what was sold.

use std::time::Duration;

use runtime::CancellationToken;

use crate::app::AppState;
use crate::workflows::analytics;

/// How long a change may wait before it is counted.
const INTERVAL: Duration = Duration::from_secs(2);

/// Counts what was sold, until shutdown. What fails is logged and tried again.
pub(crate) async fn run(app: AppState, shutdown: CancellationToken) {
    let mut timer = tokio::time::interval(INTERVAL);
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = timer.tick() => {}
        }
        if let Err(error) = analytics::catch_up(&app, || shutdown.is_cancelled()).await {
            tracing::error!(
                error = format!("{error:#}"),
                "the numbers could not be brought up to date"
            );
        }
    }
}
