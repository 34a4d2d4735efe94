//! A provider's message: stored once, acknowledged, then applied by a job.

use std::time::Duration;

use auth_token::Acting;
use http_kit::{Error, Result};
use serde_json::json;

use crate::app::AppState;
use crate::payments::{News, ProviderPayment, Stripe, WebhookMessage, api_version};
use crate::store;
use crate::store::webhooks::WebhookEvent;
use crate::workflows::finalise::{self, Outcome};

/// How long a message about something unknown is kept trying: it may be ours, and not stored yet.
const UNKNOWN_PATIENCE: Duration = Duration::from_secs(3600);

/// How long a message that cannot be applied is kept trying.
const BROKEN_PATIENCE: Duration = Duration::from_secs(3 * 24 * 3600);

/// Stores a verified message; a repetition of one that is there changes nothing.
pub(crate) async fn receive(app: &AppState, message: &WebhookMessage) -> sqlx::Result<()> {
    if let Some(version) = message.api_version.as_deref()
        && version != api_version()
    {
        tracing::warn!(
            event_id = message.id,
            version,
            expected = api_version(),
            "a webhook is in another API version: it is read leniently"
        );
    }
    let mut conn = app.pool.acquire().await?;
    if store::webhooks::insert(&mut conn, message, app.clock.now()).await? {
        runtime::fault::point("webhook.stored");
        app.reconcile.notify_one();
    }
    Ok(())
}

/// Applies one stored message and marks it processed. Applying it twice, as after a crash in between, changes nothing.
pub(crate) async fn apply(app: &AppState, event: &WebhookEvent) -> anyhow::Result<()> {
    runtime::fault::point("webhook.claimed");
    let outcome = match Stripe::read_webhook(&event.kind, &event.payload)? {
        News::Payment(news) => payment(app, &news).await?,
        News::Page(page) => page_ended(app, &page).await?,
        News::Refund(refund) => finalise::named_refund(app, &refund).await?,
        News::Dispute(dispute) => finalise::dispute(app, &dispute).await?,
        News::Irrelevant => return finish(app, event, "irrelevant").await,
    };
    let age = app.clock.now().since(event.received_at);
    if outcome == Outcome::Unknown && age < UNKNOWN_PATIENCE {
        return Ok(());
    }
    runtime::fault::point("webhook.applied");
    finish(app, event, outcome.as_str()).await
}

/// Makes a message due again, so that the job applies it as it applies all: what it did before is found done. Asked twice in a row, it acts once.
pub(crate) async fn replay(app: &AppState, id: &str, staff: &Acting) -> Result<()> {
    let now = app.clock.now();
    let mut tx = app.pool.begin().await?;
    let stored = store::webhooks::find(&mut tx, id)
        .await?
        .ok_or_else(|| Error::not_found("webhook"))?;
    if !store::webhooks::again(&mut tx, id, now).await? {
        return Ok(());
    }
    let before = json!({ "outcome": stored.outcome, "attempts": stored.attempts });
    let after = json!({ "webhook": id, "type": stored.kind });
    let order = stored.order_id.map(|order| format!("order:{order}"));
    let target = order.unwrap_or_else(|| format!("payment_event:{id}"));
    let act = staff.did("webhook.replay", target, before, after);
    app.publisher.publish(&mut tx, &act).await?;
    tx.commit().await?;
    app.reconcile.notify_one();
    Ok(())
}

/// Notes what went wrong; the message stays due, unless it has been for long.
pub(crate) async fn failed(
    app: &AppState,
    event: &WebhookEvent,
    error: &str,
) -> anyhow::Result<()> {
    let mut conn = app.pool.acquire().await?;
    store::webhooks::fail(&mut conn, &event.id, error).await?;
    drop(conn);
    if app.clock.now().since(event.received_at) >= BROKEN_PATIENCE {
        tracing::error!(
            event_id = event.id,
            kind = event.kind,
            error,
            "a webhook is given up"
        );
        return finish(app, event, "failed").await;
    }
    Ok(())
}

async fn finish(app: &AppState, event: &WebhookEvent, outcome: &str) -> anyhow::Result<()> {
    let mut conn = app.pool.acquire().await?;
    store::webhooks::finish(&mut conn, &event.id, outcome, app.clock.now()).await?;
    Ok(())
}

async fn payment(app: &AppState, news: &ProviderPayment) -> anyhow::Result<Outcome> {
    let outcome = finalise::payment(app, news).await?;
    if outcome == Outcome::Stray {
        app.stripe.return_stray(news).await?;
    }
    Ok(outcome)
}

/// What is behind a page is asked for: its message does not say.
async fn page_ended(app: &AppState, page: &str) -> anyhow::Result<Outcome> {
    let mut conn = app.pool.acquire().await?;
    if store::payments::find_by_reference(&mut conn, page)
        .await?
        .is_none()
    {
        return Ok(Outcome::Unknown);
    }
    drop(conn);
    payment(app, &app.stripe.payment_of_page(page).await?).await
}
