//! A provider's message: stored once, acknowledged, then applied by a job.

use crate::app::AppState;
use crate::payments::{News, Stripe, WebhookMessage};
use crate::store;
use crate::store::webhooks::WebhookEvent;
use crate::workflows::finalise::{self, Outcome};

/// Stores a verified message; a repetition of one that is there changes nothing.
pub(crate) async fn receive(app: &AppState, message: &WebhookMessage) -> sqlx::Result<()> {
    let mut conn = app.pool.acquire().await?;
    let new = store::webhooks::insert(
        &mut conn,
        &message.id,
        &message.kind,
        &message.payload,
        app.clock.now(),
    )
    .await?;
    if new {
        app.reconcile.notify_one();
    }
    Ok(())
}

/// Applies one stored message and marks it processed. Applying it twice, as after a crash in between, changes nothing.
pub(crate) async fn apply(app: &AppState, event: &WebhookEvent) -> anyhow::Result<()> {
    let outcome = match Stripe::read_webhook(&event.kind, &event.payload)? {
        News::Payment(payment) => finalise::payment(app, &payment).await?,
        News::Refund(refund) => finalise::named_refund(app, &refund).await?,
        News::Irrelevant => Outcome::Unknown,
    };
    let mut conn = app.pool.acquire().await?;
    store::webhooks::finish(&mut conn, &event.id, outcome.as_str(), app.clock.now()).await?;
    Ok(())
}
