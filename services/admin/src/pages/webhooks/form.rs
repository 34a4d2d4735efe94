//! The form of an endpoint, new or not.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse as _, Response};
use serde::Deserialize;

use super::SECTION;
use crate::app::AppState;
use crate::domain::webhooks::message;
use crate::error::Result;
use crate::format::filters;
use crate::pages::shell::Shell;
use crate::session::Session;
use crate::store::webhooks::endpoints::Wanted;

/// What a browser sends of it.
#[derive(Deserialize)]
pub(super) struct Form {
    url: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    events: Vec<String>,
    #[serde(default)]
    personal_data: bool,
    /// Of the row that the form shows.
    #[serde(default)]
    pub(super) version: i32,
    /// Of a new one.
    pub(super) key: Option<String>,
}

impl From<&Form> for Wanted {
    fn from(form: &Form) -> Self {
        let known = contracts::topology::WEBHOOKS.events;
        let mut event_types = form.events.clone();
        // In the order in which they are offered, each once.
        event_types.sort_by_key(|kind| known.iter().position(|event| event == kind));
        event_types.dedup();
        Self {
            url: form.url.trim().to_owned(),
            description: form.description.trim().to_owned(),
            event_types,
            personal_data: form.personal_data,
        }
    }
}

#[derive(Template)]
#[template(path = "webhooks/form.html")]
struct Page<'a> {
    shell: Shell,
    title: &'static str,
    action: String,
    back: String,
    version: i32,
    /// Makes a form that is sent twice act once.
    key: String,
    wanted: &'a Wanted,
    groups: Vec<(&'static str, Vec<&'static str>)>,
    problem: Option<String>,
    http: bool,
}

impl Page<'_> {
    fn has(&self, event: &str) -> bool {
        self.wanted.event_types.iter().any(|kind| kind == event)
    }
}

/// Where the form leads, and what stands above it.
pub(super) struct Frame {
    pub(super) title: &'static str,
    pub(super) action: String,
    pub(super) back: String,
    pub(super) version: i32,
}

/// Shows the form, with what is wrong in it.
pub(super) fn show(
    app: &AppState,
    session: &Session,
    frame: Frame,
    wanted: &Wanted,
    problem: Option<String>,
) -> Result<Response> {
    let status = if problem.is_some() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    let page = Page {
        shell: Shell::new(session, SECTION, None),
        title: frame.title,
        action: frame.action,
        back: frame.back,
        version: frame.version,
        key: app.sessions.new_token(),
        wanted,
        groups: message::catalogue(),
        problem,
        http: app.webhooks.rules.http,
    };
    Ok((status, Html(page.render()?)).into_response())
}
