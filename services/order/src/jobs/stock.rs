use crate::app::AppState;
use crate::jobs::BATCH;
use crate::store;
use crate::workflows::saga;

/// Asks product whether it took, or gave back, the units of orders of which an event told it a while ago.
pub(crate) async fn run(app: &AppState) -> anyhow::Result<usize> {
    let mut conn = app.pool.acquire().await?;
    let due = store::saga::claim_stock(&mut conn, app.clock.now(), BATCH).await?;
    drop(conn);
    for (order, step) in &due {
        if let Err(error) = saga::settle_stock(app, *order, step).await {
            let error = format!("{error:#}");
            tracing::warn!(order_id = %order, step, error, "a step of a saga could not be done yet");
            let mut conn = app.pool.acquire().await?;
            let now = app.clock.now();
            store::saga::note_error(&mut conn, step, order.uuid(), &error, now).await?;
        }
    }
    Ok(due.len())
}
