use crate::app::AppState;
use crate::jobs::BATCH;
use crate::store;
use crate::workflows::refund;

/// Does refunds that are written down but not yet done.
pub(crate) async fn run(app: &AppState) -> anyhow::Result<usize> {
    let mut conn = app.pool.acquire().await?;
    let due = store::refunds::claim_due(&mut conn, app.clock.now(), BATCH).await?;
    drop(conn);
    for id in &due {
        if let Err(error) = refund::carry_out(app, *id).await {
            tracing::warn!(refund_id = %id, error = format!("{error:#}"), "a refund could not be done yet");
        }
    }
    Ok(due.len())
}
