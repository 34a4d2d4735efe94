//! What staff do with endpoints. Each change of one locks it first, and knows what it changes: a form that was opened before somebody else's change
//! is refused.

use std::time::Duration;

use primitives::{DeliveryId, Timestamp, WebhookId};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use sqlx::PgConnection;

use super::audit::note;
use super::idempotency::{self, Repeat};
use crate::app::AppState;
use crate::domain::webhooks::signature::Secret;
use crate::domain::webhooks::target;
use crate::error::{PageError, Result};
use crate::session::Session;
use crate::store::webhooks::deliveries;
use crate::store::webhooks::endpoints::{self, Wanted};

/// More are not third parties any more, but a mistake.
const MOST: i64 = 50;
/// How long the secret before a rotation goes on signing.
pub(crate) const OVERLAP: Duration = Duration::from_secs(24 * 3600);

/// A new endpoint with its secret, which is shown this once: who sends the form twice sees the same.
pub(crate) async fn create(
    app: &AppState,
    session: &Session,
    wanted: &Wanted,
    key: Option<String>,
) -> Result<(WebhookId, String)> {
    check(app, wanted).map_err(|why| PageError::invalid(&why))?;
    let now = app.clock.now();
    let id = WebhookId::new(now, &app.random);
    let secret = Secret::generate(&app.random).reveal();
    let repeat = repeat(key, &format!("create {}", json!(wanted)));
    let mut tx = app.pool.begin().await?;
    let count = endpoints::count(&mut tx).await?;
    if let Some(made) = idempotency::known(&mut tx, session.user_id, &repeat).await? {
        let id = WebhookId::from(made);
        let secret = endpoints::first_secret(&mut tx, id).await?;
        return Ok((id, secret.ok_or_else(PageError::changed_meanwhile)?));
    }
    if count >= MOST {
        return Err(PageError::invalid(
            "There are fifty endpoints already: remove one first.",
        ));
    }
    endpoints::insert(&mut tx, id, wanted, &secret, now).await?;
    let details = json!({ "before": null, "after": wanted });
    note(
        &mut tx,
        app,
        session.actor(),
        "webhook.create",
        &target_of(id),
        details,
    )
    .await?;
    idempotency::made(&mut tx, session.user_id, &repeat, id.uuid(), now).await?;
    tx.commit().await?;
    Ok((id, secret))
}

pub(crate) async fn update(
    app: &AppState,
    session: &Session,
    id: WebhookId,
    version: i32,
    wanted: &Wanted,
) -> Result<()> {
    check(app, wanted).map_err(|why| PageError::invalid(&why))?;
    let mut tx = app.pool.begin().await?;
    let before = locked(&mut tx, id, Some(version)).await?;
    if before != *wanted {
        endpoints::update(&mut tx, id, wanted, app.clock.now()).await?;
        let details = json!({ "before": before, "after": wanted });
        note(
            &mut tx,
            app,
            session.actor(),
            "webhook.update",
            &target_of(id),
            details,
        )
        .await?;
    }
    tx.commit().await?;
    Ok(())
}

/// A new secret, which is shown this once. Both sign for a day.
pub(crate) async fn rotate(
    app: &AppState,
    session: &Session,
    id: WebhookId,
    version: i32,
) -> Result<String> {
    let now = app.clock.now();
    let secret = Secret::generate(&app.random).reveal();
    let mut tx = app.pool.begin().await?;
    locked(&mut tx, id, Some(version)).await?;
    endpoints::rotate(&mut tx, id, &secret, now + OVERLAP, now).await?;
    let details = json!({ "previous_secret_until": now + OVERLAP });
    note(
        &mut tx,
        app,
        session.actor(),
        "webhook.rotate_secret",
        &target_of(id),
        details,
    )
    .await?;
    tx.commit().await?;
    Ok(secret)
}

/// Switches one on or off.
pub(crate) async fn switch(
    app: &AppState,
    session: &Session,
    id: WebhookId,
    on: bool,
) -> Result<()> {
    let now = app.clock.now();
    let mut tx = app.pool.begin().await?;
    locked(&mut tx, id, None).await?;
    let (changed, action) = if on {
        (endpoints::enable(&mut tx, id, now).await?, "webhook.enable")
    } else {
        let changed = endpoints::disable(&mut tx, id, "staff", now).await?;
        (changed, "webhook.disable")
    };
    if changed {
        note(
            &mut tx,
            app,
            session.actor(),
            action,
            &target_of(id),
            json!({}),
        )
        .await?;
    }
    tx.commit().await?;
    Ok(())
}

pub(crate) async fn delete(app: &AppState, session: &Session, id: WebhookId) -> Result<()> {
    let mut tx = app.pool.begin().await?;
    let before = locked(&mut tx, id, None).await?;
    endpoints::delete(&mut tx, id).await?;
    let details = json!({ "before": before, "after": null });
    note(
        &mut tx,
        app,
        session.actor(),
        "webhook.delete",
        &target_of(id),
        details,
    )
    .await?;
    tx.commit().await?;
    Ok(())
}

/// Sends an endpoint something, whatever it listens to; the delivery.
pub(crate) async fn ping(
    app: &AppState,
    session: &Session,
    id: WebhookId,
    key: String,
) -> Result<DeliveryId> {
    let now = app.clock.now();
    let repeat = repeat(Some(key), &format!("ping {id}"));
    let mut tx = app.pool.begin().await?;
    locked(&mut tx, id, None).await?;
    if let Some(sent) = idempotency::known(&mut tx, session.user_id, &repeat).await? {
        return Ok(sent.into());
    }
    let message = deliveries::ping(id, now, &app.random);
    let told = deliveries::insert(&mut tx, &message, None, &[id], now, &app.random).await?;
    let delivery = told.first().copied().ok_or_else(PageError::not_found)?;
    note(
        &mut tx,
        app,
        session.actor(),
        "webhook.ping",
        &target_of(id),
        json!({}),
    )
    .await?;
    idempotency::made(&mut tx, session.user_id, &repeat, delivery.uuid(), now).await?;
    tx.commit().await?;
    Ok(delivery)
}

/// Begins a delivery anew.
pub(crate) async fn replay(
    app: &AppState,
    session: &Session,
    id: WebhookId,
    delivery: DeliveryId,
) -> Result<()> {
    let mut tx = app.pool.begin().await?;
    locked(&mut tx, id, None).await?;
    if !deliveries::replay(&mut tx, id, delivery, app.clock.now()).await? {
        return Err(PageError::invalid(
            "It is on its way just now, or is not kept any more.",
        ));
    }
    let details = json!({ "delivery": delivery });
    note(
        &mut tx,
        app,
        session.actor(),
        "webhook.replay",
        &target_of(id),
        details,
    )
    .await?;
    tx.commit().await?;
    Ok(())
}

/// Begins all anew that failed since then; how many.
pub(crate) async fn replay_failed(
    app: &AppState,
    session: &Session,
    id: WebhookId,
    since: Timestamp,
) -> Result<u64> {
    let mut tx = app.pool.begin().await?;
    locked(&mut tx, id, None).await?;
    let count = deliveries::replay_failed(&mut tx, id, since, app.clock.now()).await?;
    let details = json!({ "since": since, "deliveries": count });
    note(
        &mut tx,
        app,
        session.actor(),
        "webhook.replay",
        &target_of(id),
        details,
    )
    .await?;
    tx.commit().await?;
    Ok(count)
}

/// How a form that is sent twice is known.
fn repeat(key: Option<String>, form: &str) -> Repeat {
    Repeat {
        key,
        hash: Sha256::digest(form).into(),
    }
}

fn target_of(id: WebhookId) -> String {
    format!("webhook:{id}")
}

async fn locked(tx: &mut PgConnection, id: WebhookId, version: Option<i32>) -> Result<Wanted> {
    let (wanted, current) = endpoints::lock(tx, id)
        .await?
        .ok_or_else(PageError::not_found)?;
    if version.is_some_and(|version| version != current) {
        return Err(PageError::changed_meanwhile().back_to(&format!("/admin/webhooks/{id}")));
    }
    Ok(wanted)
}

/// Whether an endpoint can be as staff want it; what is wrong, in a sentence.
pub(crate) fn check(app: &AppState, wanted: &Wanted) -> std::result::Result<(), String> {
    target::parse(&wanted.url, &app.webhooks.rules)?;
    let known = contracts::topology::WEBHOOKS.events;
    if wanted.event_types.is_empty() {
        Err("Choose at least one event.".to_owned())
    } else if !wanted
        .event_types
        .iter()
        .all(|kind| known.contains(&kind.as_str()))
    {
        Err("One of the events is not offered.".to_owned())
    } else if wanted.description.chars().count() > 200 {
        Err("The description must have at most 200 characters.".to_owned())
    } else {
        Ok(())
    }
}
