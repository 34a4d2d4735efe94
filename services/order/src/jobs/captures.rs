use crate::app::AppState;
use crate::jobs::BATCH;
use crate::store;
use crate::workflows::capture;

/// Takes money that staff asked for and that is not taken yet.
pub(crate) async fn run(app: &AppState) -> anyhow::Result<usize> {
    let mut conn = app.pool.acquire().await?;
    let due = store::captures::claim_due(&mut conn, app.clock.now(), BATCH).await?;
    drop(conn);
    for id in &due {
        if let Err(error) = capture::carry_out(app, *id).await {
            let error = format!("{error:#}");
            tracing::warn!(capture_id = %id, error, "a capture could not be done yet");
            let mut conn = app.pool.acquire().await?;
            let now = app.clock.now();
            store::saga::note_error(&mut conn, "payment.capture", id.uuid(), &error, now).await?;
        }
    }
    Ok(due.len())
}
