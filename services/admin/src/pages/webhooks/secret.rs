//! A secret is shown once: in the answer to the form that made it, which no cache keeps.

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse as _, Response};
use primitives::WebhookId;
use serde::Deserialize;

use super::{SECTION, allowed, page_of};
use crate::app::AppState;
use crate::error::Result;
use crate::format::filters;
use crate::input::{Path, StaffForm};
use crate::pages::shell::Shell;
use crate::session::Session;
use crate::workflows::webhooks;

#[derive(Template)]
#[template(path = "webhooks/secret.html")]
struct Page<'a> {
    shell: Shell,
    title: &'static str,
    secret: &'a str,
    endpoint: String,
    rotated: bool,
}

pub(super) fn show(
    session: &Session,
    id: WebhookId,
    secret: &str,
    title: &'static str,
) -> Result<Response> {
    let page = Page {
        shell: Shell::new(session, SECTION, None),
        title,
        secret,
        endpoint: page_of(id),
        rotated: title == ROTATED,
    };
    Ok(Html(page.render()?).into_response())
}

const ROTATED: &str = "The secret is new";

#[derive(Deserialize)]
pub(super) struct Rotate {
    version: i32,
}

pub(super) async fn rotate(
    State(app): State<AppState>,
    Path(id): Path<WebhookId>,
    StaffForm(session, form): StaffForm<Rotate>,
) -> Result<Response> {
    allowed(&session)?;
    session.check_fresh(app.clock.now())?;
    let secret = webhooks::rotate(&app, &session, id, form.version).await?;
    show(&session, id, &secret, ROTATED)
}
