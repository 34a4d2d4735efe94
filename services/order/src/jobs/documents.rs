use std::collections::BTreeSet;
use std::time::Duration;

use crate::app::AppState;
use crate::jobs::BATCH;
use crate::store;
use crate::workflows;

/// Of orders from before this, documents are issued when somebody asks for them: a shop that takes its history along gets no flood of numbers.
const WINDOW: Duration = Duration::from_secs(48 * 3600);

/// Issues invoices of orders that were paid, and credit notes of refunds that were done.
pub(crate) async fn run(app: &AppState) -> anyhow::Result<usize> {
    let since = app.clock.now() - WINDOW;
    let mut conn = app.pool.acquire().await?;
    let mut due: BTreeSet<_> = store::documents::orders_due(&mut conn, since, BATCH)
        .await?
        .into_iter()
        .collect();
    due.extend(store::documents::captures_due(&mut conn, since, BATCH).await?);
    due.extend(store::documents::refunds_due(&mut conn, since, BATCH).await?);
    drop(conn);
    for order in &due {
        if let Err(error) = workflows::documents::of_order(app, *order).await {
            tracing::error!(order_id = %order, %error, "an order's documents could not be issued");
        }
    }
    Ok(due.len())
}
