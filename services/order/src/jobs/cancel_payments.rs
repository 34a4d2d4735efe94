use std::time::Duration;

use crate::app::AppState;
use crate::domain::payment::ProviderName;
use crate::jobs::BATCH;
use crate::store;
use crate::store::cancellations::Cancellation;
use crate::workflows::{finalise, pay};

/// When to try again what did not work.
const RETRY: Duration = Duration::from_secs(60);

/// Stops payments of cancelled orders at the provider, so that they cannot succeed any more.
pub(crate) async fn run(app: &AppState) -> anyhow::Result<usize> {
    let now = app.clock.now();
    let mut conn = app.pool.acquire().await?;
    let due = store::cancellations::claim(&mut conn, now, now + RETRY, BATCH).await?;
    drop(conn);
    for cancellation in &due {
        if let Err(error) = stop(app, cancellation).await {
            let error = format!("{error:#}");
            tracing::warn!(payment_id = %cancellation.payment_id, error, "a payment could not be stopped yet");
            let id = cancellation.payment_id.uuid();
            let mut conn = app.pool.acquire().await?;
            store::saga::note_error(&mut conn, "payment.stop", id, &error, now).await?;
        }
    }
    Ok(due.len())
}

async fn stop(app: &AppState, cancellation: &Cancellation) -> anyhow::Result<()> {
    let now = app.clock.now();
    let mut conn = app.pool.acquire().await?;
    let Some(order) = store::orders::find(&mut conn, cancellation.order_id).await? else {
        return Ok(());
    };
    let Some(payment) = store::payments::find(&mut conn, cancellation.payment_id).await? else {
        return Ok(());
    };
    if payment.method.is_none() || payment.provider == ProviderName::Manual {
        // It never reached a provider.
        store::payments::cancel_unstarted(&mut conn, payment.id, now).await?;
        store::cancellations::finish(&mut conn, payment.id).await?;
        return Ok(());
    }
    drop(conn);
    let new = pay::new_payment(app, &order, &payment);
    // Paid, or cancelled before: its state tells what to do.
    let news = app.provider(payment.provider).stop(&new).await?;
    finalise::payment(app, &news).await?;
    let mut conn = app.pool.acquire().await?;
    // One that never was at the provider has no news of its own.
    store::payments::cancel_stopped(&mut conn, payment.id, now).await?;
    store::cancellations::finish(&mut conn, payment.id).await?;
    Ok(())
}
