//! One dead letter: what it says, why it is here, and what to do with it.

use askama::Template;
use auth_token::permissions::ManageEvents;
use axum::extract::State;
use axum::response::{Html, Redirect};
use serde::Deserialize;

use super::dead_letters::is_known;
use super::{DEAD_LETTERS, OVERVIEW, allowed};
use crate::app::AppState;
use crate::domain::dead_letters::{Letter, payload};
use crate::error::{PageError, Result};
use crate::format::filters;
use crate::input::{Nothing, Path, StaffForm};
use crate::pages::shell::Shell;
use crate::session::{May, Session};
use crate::workflows::dead_letters;

/// What fits into a reason.
const REASON: usize = 500;

#[derive(Template)]
#[template(path = "events/letter.html")]
struct Page {
    shell: Shell,
    queue: String,
    letter: Letter,
    payload: String,
    hidden: bool,
    headers: Vec<(String, String)>,
    /// What is wrong with the form.
    problem: Option<&'static str>,
}

pub(super) async fn page(
    State(app): State<AppState>,
    session: May<ManageEvents>,
    Path((queue, mark)): Path<(String, String)>,
) -> Result<Html<String>> {
    show(&app, &session, queue, &mark, None).await
}

async fn show(
    app: &AppState,
    session: &Session,
    queue: String,
    mark: &str,
    problem: Option<&'static str>,
) -> Result<Html<String>> {
    is_known(&queue)?;
    let back = |error: PageError| error.back_to(DEAD_LETTERS);
    let letters = dead_letters::open(app).await.map_err(back)?;
    let found = dead_letters::find(app, &letters, &queue, mark).await;
    letters.close().await;
    let (letter, whole) = found.map_err(back)?;
    let (payload, hidden) = payload(&whole.body);
    let page = Page {
        shell: Shell::new(session, OVERVIEW, None),
        queue,
        letter,
        payload,
        hidden,
        headers: whole.headers,
        problem,
    };
    Ok(Html(page.render()?))
}

pub(super) async fn requeue(
    State(app): State<AppState>,
    Path((queue, mark)): Path<(String, String)>,
    StaffForm(session, Nothing {}): StaffForm<Nothing>,
) -> Result<Redirect> {
    allowed(&session)?;
    is_known(&queue)?;
    dead_letters::requeue(&app, &session, &queue, &mark)
        .await
        .map_err(|error| error.back_to(DEAD_LETTERS))?;
    Ok(Redirect::to(&format!("{DEAD_LETTERS}?done=event_requeued")))
}

#[derive(Deserialize)]
pub(super) struct Drop {
    reason: String,
}

pub(super) async fn drop(
    State(app): State<AppState>,
    Path((queue, mark)): Path<(String, String)>,
    StaffForm(session, form): StaffForm<Drop>,
) -> Result<std::result::Result<Redirect, Html<String>>> {
    allowed(&session)?;
    is_known(&queue)?;
    let reason = form.reason.trim();
    if reason.is_empty() || reason.chars().count() > REASON {
        let problem = Some("Say why, in 1 to 500 characters.");
        return Ok(Err(show(&app, &session, queue, &mark, problem).await?));
    }
    dead_letters::drop(&app, &session, &queue, &mark, reason)
        .await
        .map_err(|error| error.back_to(DEAD_LETTERS))?;
    Ok(Ok(Redirect::to(&format!(
        "{DEAD_LETTERS}?done=event_dropped"
    ))))
}
