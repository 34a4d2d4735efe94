use std::time::Duration;

use primitives::PaymentId;

use crate::app::AppState;
use crate::jobs::BATCH;
use crate::store;
use crate::workflows::finalise;

/// When to ask again what the provider has not decided yet, or did not say.
const RETRY: Duration = Duration::from_secs(600);

/// Asks what the provider kept of charges, for the books.
pub(crate) async fn run(app: &AppState) -> anyhow::Result<usize> {
    let now = app.clock.now();
    let mut conn = app.pool.acquire().await?;
    let due = store::payments::claim_fees(&mut conn, now, now + RETRY, BATCH).await?;
    drop(conn);
    let mut found = 0;
    for (id, reference) in due {
        match ask(app, id, &reference).await {
            Ok(known) => found += usize::from(known),
            Err(error) => {
                tracing::warn!(payment_id = %id, error = format!("{error:#}"), "a fee is not known yet")
            }
        }
    }
    Ok(found)
}

async fn ask(app: &AppState, id: PaymentId, reference: &str) -> anyhow::Result<bool> {
    let Some(fee) = app.stripe.fee(reference).await? else {
        return Ok(false);
    };
    finalise::fee(app, id, &fee).await?;
    Ok(true)
}
