use std::time::Duration;

use crate::app::AppState;
use crate::store;

/// As long as Stripe remembers its own: clients do not repeat a request after a day.
const KEEP: Duration = Duration::from_secs(24 * 3600);

/// How long it is shown what comparisons with the payment provider found.
const KEEP_COMPARISONS: Duration = Duration::from_secs(90 * 24 * 3600);

/// How long Stripe itself shows its events. They carry what customers typed at Stripe, so they are not kept longer than they are of use.
const KEEP_WEBHOOKS: Duration = Duration::from_secs(30 * 24 * 3600);

/// Forgets old idempotency keys, what comparisons found, Stripe's messages, and guests' carts that came to the database, were not ordered, and are as old as those in Redis
/// may get.
pub(crate) async fn run(app: &AppState) -> anyhow::Result<usize> {
    let mut conn = app.pool.acquire().await?;
    let now = app.clock.now();
    let keys = store::idempotency::forget_before(&mut conn, now - KEEP).await?;
    store::reconciliations::forget_before(&mut conn, now - KEEP_COMPARISONS).await?;
    let messages = store::webhooks::forget_before(&mut conn, now - KEEP_WEBHOOKS).await?;
    let oldest = now - app.cart.guest_cart_life();
    let carts = store::cart_news::forget_guests(&mut conn, oldest).await?;
    Ok(keys + messages + carts)
}
