use std::time::Duration;

use crate::app::AppState;
use crate::jobs::BATCH;
use crate::payments::ProviderError;
use crate::store;
use crate::workflows::finalise;

/// When to try again what did not work.
const RETRY: Duration = Duration::from_secs(60);

/// Stops payments of cancelled orders at the provider, so that they cannot succeed any more.
pub(crate) async fn run(app: &AppState) -> anyhow::Result<usize> {
    let now = app.clock.now();
    let mut conn = app.pool.acquire().await?;
    let due = store::payments::claim_cancellations(&mut conn, now, now + RETRY, BATCH).await?;
    drop(conn);
    for cancellation in &due {
        let Some(reference) = &cancellation.provider_ref else {
            // It never reached the provider.
            let mut conn = app.pool.acquire().await?;
            store::payments::cancel_unstarted(&mut conn, cancellation.payment_id, now).await?;
            store::payments::finish_cancellation(&mut conn, cancellation.payment_id).await?;
            continue;
        };
        let news = match app.stripe.cancel(reference).await {
            Ok(news) => Ok(news),
            // Paid, or cancelled before: its state tells what to do.
            Err(ProviderError::Refused(_)) => app.stripe.retrieve(reference).await,
            Err(error) => Err(error),
        };
        match news {
            Ok(news) => {
                finalise::payment(app, &news).await?;
                let mut conn = app.pool.acquire().await?;
                store::payments::finish_cancellation(&mut conn, cancellation.payment_id).await?;
            }
            Err(error) => {
                tracing::warn!(payment_id = %cancellation.payment_id, %error, "a payment could not be stopped yet");
                let (error, id) = (error.to_string(), cancellation.payment_id.uuid());
                let mut conn = app.pool.acquire().await?;
                store::saga::note_error(&mut conn, "payment.stop", id, &error, now).await?;
            }
        }
    }
    Ok(due.len())
}
