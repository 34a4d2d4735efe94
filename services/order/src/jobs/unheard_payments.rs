use std::time::Duration;

use crate::app::AppState;
use crate::jobs::BATCH;
use crate::store;
use crate::workflows::finalise::{self, Outcome};

/// How long a webhook may take before we ask ourselves.
const PATIENCE: Duration = Duration::from_secs(60);

/// Asks the provider about open payments of which nothing was heard: their webhook may never come.
pub(crate) async fn run(app: &AppState) -> anyhow::Result<usize> {
    let now = app.clock.now();
    let mut conn = app.pool.acquire().await?;
    let references = store::payments::claim_unheard(&mut conn, now, now - PATIENCE, BATCH).await?;
    drop(conn);
    let mut found = 0;
    for reference in references {
        match app.stripe.retrieve(&reference).await {
            Ok(news) => {
                found += usize::from(finalise::payment(app, &news).await? == Outcome::Applied)
            }
            Err(error) => tracing::warn!(reference, %error, "a payment could not be looked up"),
        }
    }
    Ok(found)
}
