use std::time::Duration;

use primitives::OrderId;

use crate::app::AppState;
use crate::jobs::BATCH;
use crate::store;
use crate::workflows::finalise::{self, Outcome};
use crate::workflows::pay;

/// How long a webhook may take before we ask ourselves.
const PATIENCE: Duration = Duration::from_secs(60);

/// Asks the provider about open payments of which nothing was heard: their webhook may never come.
pub(crate) async fn run(app: &AppState) -> anyhow::Result<usize> {
    let now = app.clock.now();
    let mut conn = app.pool.acquire().await?;
    let orders = store::payments::claim_unheard(&mut conn, now, now - PATIENCE, BATCH).await?;
    drop(conn);
    let mut found = 0;
    for order in orders {
        found += usize::from(ask(app, order).await);
    }
    Ok(found)
}

/// Asks what became of an order's payment, and applies it; whether it was news.
pub(super) async fn ask(app: &AppState, order: OrderId) -> bool {
    let asked = async {
        match pay::look_up(app, order).await? {
            Some(news) => anyhow::Ok(finalise::payment(app, &news).await? == Outcome::Applied),
            None => Ok(false),
        }
    };
    asked.await.unwrap_or_else(|error| {
        tracing::warn!(order_id = %order, error = format!("{error:#}"), "what became of a payment is not known");
        false
    })
}
