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
            let error = format!("{error:#}");
            tracing::warn!(refund_id = %id, error, "a refund could not be done yet");
            let mut conn = app.pool.acquire().await?;
            let now = app.clock.now();
            store::saga::note_error(&mut conn, "refund", id.uuid(), &error, now).await?;
        }
    }
    Ok(due.len())
}
