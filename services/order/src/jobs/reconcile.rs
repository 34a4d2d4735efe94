use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::app::AppState;
use crate::workflows::reconcile::{self, Span};

/// Compares the window with the payment provider until shutdown, and what somebody wishes for, beside the other jobs because it may take minutes. Shutdown
/// does not wait for it: the comparison is taken up again, by this process or another.
pub(crate) async fn run(app: AppState, interval: Duration, shutdown: CancellationToken) {
    let mut timer = tokio::time::interval(interval);
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let round = async {
            let wished = tokio::select! {
                _ = timer.tick() => false,
                () = app.compare.notified() => true,
            };
            if is_waiting(&app, Span::Full).await {
                compare(&app, Span::Full).await;
            }
            if !wished || is_waiting(&app, Span::Window).await {
                compare(&app, Span::Window).await;
            }
        };
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = round => {}
        }
    }
}

async fn is_waiting(app: &AppState, span: Span) -> bool {
    reconcile::is_waiting(app, span)
        .await
        .unwrap_or_else(|error| {
            tracing::error!(%error, "whether a comparison is wished for is not known");
            false
        })
}

async fn compare(app: &AppState, span: Span) {
    match reconcile::run(app, span).await {
        Ok(Some(summary)) if summary.counts.healed + summary.counts.raised > 0 => {
            tracing::warn!(%summary, "the money was not the same here and at the payment provider");
        }
        Ok(_) => {}
        Err(error) => tracing::error!(
            error = format!("{error:#}"),
            "the comparison with the payment provider failed"
        ),
    }
}
