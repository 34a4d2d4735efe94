use std::time::Duration;

use crate::app::AppState;
use crate::jobs::BATCH;
use crate::store;

/// When to try again what did not work.
const RETRY: Duration = Duration::from_secs(60);

/// Removes people whose accounts are deleted at the provider, with their cards.
pub(crate) async fn run(app: &AppState) -> anyhow::Result<usize> {
    let now = app.clock.now();
    let mut conn = app.pool.acquire().await?;
    let due = store::customers::claim_erasures(&mut conn, now, now + RETRY, BATCH).await?;
    drop(conn);
    for customer in &due {
        match app.stripe.delete_customer(customer).await {
            Ok(()) => {
                let mut conn = app.pool.acquire().await?;
                store::customers::forget(&mut conn, customer).await?;
            }
            Err(error) => {
                tracing::warn!(%error, "a customer could not be removed at the provider yet")
            }
        }
    }
    Ok(due.len())
}
