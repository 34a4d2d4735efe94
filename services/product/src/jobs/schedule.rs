//! Publishes approved products when their time has come, and takes them out of the shop when it is over.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::app::Context;
use crate::domain::status::Step;
use crate::error::ProductError;
use crate::store::products as store;
use crate::workflows::products;

/// Runs at once, then whenever a product's time comes, and at least so often: a schedule may have been changed elsewhere.
pub(crate) async fn run(cx: Context, every: Duration, shutdown: CancellationToken) {
    loop {
        let wait = match all(&cx, &shutdown).await {
            Ok(products) => {
                if products > 0 {
                    tracing::info!(products, "schedules kept");
                }
                next(&cx, every).await
            }
            Err(error) => {
                tracing::warn!(%error, "schedules could not be kept; trying again later");
                every
            }
        };
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// How long nothing is to be done.
async fn next(cx: &Context, every: Duration) -> Duration {
    let due = async {
        let mut db = cx.pool.acquire().await?;
        store::next_due(&mut db).await
    };
    match due.await {
        Ok(Some(at)) => at
            .since(cx.clock.now())
            .clamp(SHORTEST, every.max(SHORTEST)),
        Ok(None) | Err(_) => every,
    }
}

const SHORTEST: Duration = Duration::from_millis(100);

/// Keeps every schedule that is due now, one product in a transaction; answers how many. Whoever else does the same meanwhile
/// takes other products.
pub(crate) async fn all(cx: &Context, shutdown: &CancellationToken) -> Result<usize, ProductError> {
    let mut kept = 0;
    while !shutdown.is_cancelled() {
        let mut tx = cx.pool.begin().await?;
        let Some(locked) = store::lock_due(&mut tx, cx.clock.now()).await? else {
            break;
        };
        products::advance(&mut tx, cx, &locked, Step::Settle, None, None).await?;
        tx.commit().await?;
        kept += 1;
    }
    Ok(kept)
}
