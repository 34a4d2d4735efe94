use std::time::Duration;

use crate::app::AppState;
use crate::store;

/// As long as Stripe remembers its own: clients do not repeat a request after a day.
const KEEP: Duration = Duration::from_secs(24 * 3600);

/// Forgets old idempotency keys.
pub(crate) async fn run(app: &AppState) -> anyhow::Result<usize> {
    let mut conn = app.pool.acquire().await?;
    Ok(store::idempotency::forget_before(&mut conn, app.clock.now() - KEEP).await?)
}
