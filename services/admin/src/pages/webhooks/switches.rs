//! Small forms of an endpoint's page.

use axum::extract::State;
use axum::response::Redirect;
use primitives::WebhookId;
use serde::Deserialize;

use super::{SECTION, allowed, page_of};
use crate::app::AppState;
use crate::error::{PageError, Result};
use crate::input::{Nothing, Path, StaffForm, day};
use crate::workflows::webhooks;

#[derive(Deserialize)]
pub(super) struct Ping {
    key: String,
}

/// Sends something, and shows what came of it.
pub(super) async fn ping(
    State(app): State<AppState>,
    Path(id): Path<WebhookId>,
    StaffForm(session, form): StaffForm<Ping>,
) -> Result<Redirect> {
    allowed(&session)?;
    let delivery = webhooks::ping(&app, &session, id, form.key).await?;
    Ok(Redirect::to(&format!(
        "{}/deliveries/{delivery}",
        page_of(id)
    )))
}

#[derive(Deserialize)]
pub(super) struct Switch {
    on: bool,
}

pub(super) async fn switch(
    State(app): State<AppState>,
    Path(id): Path<WebhookId>,
    StaffForm(session, form): StaffForm<Switch>,
) -> Result<Redirect> {
    allowed(&session)?;
    webhooks::switch(&app, &session, id, form.on).await?;
    let done = if form.on { "webhook_on" } else { "webhook_off" };
    Ok(Redirect::to(&format!("{}?done={done}", page_of(id))))
}

pub(super) async fn delete(
    State(app): State<AppState>,
    Path(id): Path<WebhookId>,
    StaffForm(session, Nothing {}): StaffForm<Nothing>,
) -> Result<Redirect> {
    allowed(&session)?;
    session.check_fresh(app.clock.now())?;
    webhooks::delete(&app, &session, id).await?;
    Ok(Redirect::to(&format!("{SECTION}?done=webhook_deleted")))
}

#[derive(Deserialize)]
pub(super) struct ReplayFailed {
    /// A day.
    since: String,
}

pub(super) async fn replay_failed(
    State(app): State<AppState>,
    Path(id): Path<WebhookId>,
    StaffForm(session, form): StaffForm<ReplayFailed>,
) -> Result<Redirect> {
    allowed(&session)?;
    let since = day(&form.since, "The day")
        .and_then(|day| day.ok_or_else(|| PageError::invalid("From which day on?")))
        .map_err(|error| error.back_to(&page_of(id)))?;
    let count = webhooks::replay_failed(&app, &session, id, since).await?;
    let done = if count > 0 {
        "replayed"
    } else {
        "replayed_none"
    };
    Ok(Redirect::to(&format!("{}?done={done}", page_of(id))))
}
