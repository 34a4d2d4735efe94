use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::app::AppState;
use crate::workflows::reconcile::{self, Span};

/// Compares the window with the payment provider until shutdown, beside the other jobs because it may take minutes. Shutdown does not wait for it: the
/// comparison is taken up again, by this process or another.
pub(crate) async fn run(app: AppState, interval: Duration, shutdown: CancellationToken) {
    let mut timer = tokio::time::interval(interval);
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let round = async {
            timer.tick().await;
            match reconcile::run(&app, Span::Window).await {
                Ok(Some(summary)) if summary.counts.healed + summary.counts.raised > 0 => {
                    tracing::warn!(%summary, "the money was not the same here and at the payment provider");
                }
                Ok(_) => {}
                Err(error) => tracing::error!(
                    error = format!("{error:#}"),
                    "the comparison with the payment provider failed"
                ),
            }
        };
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = round => {}
        }
    }
}
