use crate::app::AppState;
use crate::jobs::BATCH;
use crate::store;
use crate::workflows::webhook;

/// Applies stored webhook messages.
pub(crate) async fn run(app: &AppState) -> anyhow::Result<usize> {
    let mut done = 0;
    loop {
        let mut conn = app.pool.acquire().await?;
        let events = store::webhooks::claim_due(&mut conn, app.clock.now(), BATCH).await?;
        drop(conn);
        for event in &events {
            if let Err(error) = webhook::apply(app, event).await {
                tracing::warn!(
                    event_id = event.id,
                    kind = event.kind,
                    attempts = event.attempts,
                    error = format!("{error:#}"),
                    "a webhook could not be applied"
                );
                webhook::failed(app, event, &format!("{error:#}")).await?;
            }
        }
        done += events.len();
        if events.len() < usize::try_from(BATCH)? {
            return Ok(done);
        }
    }
}
