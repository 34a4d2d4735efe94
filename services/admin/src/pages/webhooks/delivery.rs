use askama::Template;
use auth_token::permissions::ManageSettings;
use axum::extract::State;
use axum::response::{Html, Redirect};
use primitives::{DeliveryId, WebhookId};
use serde::Deserialize;
use serde_json::Value;

use super::{SECTION, allowed, page_of};
use crate::app::AppState;
use crate::error::{PageError, Result};
use crate::format::filters;
use crate::input::{Nothing, Path, Query, StaffForm};
use crate::pages::shell::Shell;
use crate::session::May;
use crate::store::webhooks::log::{self, AttemptRow, Delivery};
use crate::workflows::webhooks;

#[derive(Template)]
#[template(path = "webhooks/delivery.html")]
struct Page {
    shell: Shell,
    id: WebhookId,
    delivery: Delivery,
    /// For people: the bytes that are sent have no spaces.
    payload: String,
    attempts: Vec<AttemptRow>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Params {
    done: Option<String>,
}

pub(super) async fn page(
    State(app): State<AppState>,
    session: May<ManageSettings>,
    Path((id, delivery)): Path<(WebhookId, DeliveryId)>,
    Query(params): Query<Params>,
) -> Result<Html<String>> {
    let mut db = app.pool.acquire().await?;
    let delivery = log::find(&mut db, id, delivery)
        .await?
        .ok_or_else(PageError::not_found)?;
    let attempts = log::attempts(&mut db, delivery.id).await?;
    let body: Value = serde_json::from_str(&delivery.message.body(delivery.personal_data)?)?;
    let page = Page {
        shell: Shell::new(&session, SECTION, params.done.as_deref()),
        id,
        payload: serde_json::to_string_pretty(&body)?,
        delivery,
        attempts,
    };
    Ok(Html(page.render()?))
}

pub(super) async fn replay(
    State(app): State<AppState>,
    Path((id, delivery)): Path<(WebhookId, DeliveryId)>,
    StaffForm(session, Nothing {}): StaffForm<Nothing>,
) -> Result<Redirect> {
    allowed(&session)?;
    webhooks::replay(&app, &session, id, delivery).await?;
    let page = format!("{}/deliveries/{delivery}?done=replayed", page_of(id));
    Ok(Redirect::to(&page))
}
