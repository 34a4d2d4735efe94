//! What staff are told: the bell, and the page behind it. Everybody has read as far as they say.

use askama::Template;
use auth_token::permissions::UseInbox;
use axum::Router;
use axum::extract::State;
use axum::response::{Html, Redirect};
use axum::routing::{get, post};
use primitives::{NotificationId, Timestamp};
use serde::Deserialize;

use crate::app::AppState;
use crate::error::{PageError, Result};
use crate::format::filters;
use crate::input::{Query, StaffForm};
use crate::pages::shell::{Shell, link};
use crate::session::May;
use crate::store::notifications::{self, StaffNews};

const SECTION: &str = "/admin/notifications";
const PAGE: usize = 50;

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/admin/notifications", get(page))
        .route("/admin/notifications/read", post(read))
}

#[derive(Template)]
#[template(path = "notifications/list.html")]
struct Page {
    shell: Shell,
    news: Vec<StaffNews>,
    /// How far they have read.
    read_to: Option<Timestamp>,
    /// The newest of all.
    newest: Option<Timestamp>,
    next: Option<String>,
}

impl Page {
    fn is_new(&self, news: &StaffNews) -> bool {
        self.read_to.is_none_or(|read_to| news.at > read_to)
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Params {
    at: Option<Timestamp>,
    after: Option<NotificationId>,
    done: Option<String>,
}

async fn page(
    State(app): State<AppState>,
    session: May<UseInbox>,
    Query(params): Query<Params>,
) -> Result<Html<String>> {
    let mut db = app.pool.acquire().await?;
    let after = params.at.zip(params.after);
    let mut news = notifications::list(&mut db, after, PAGE as i64 + 1).await?;
    let next = (news.len() > PAGE)
        .then(|| news.truncate(PAGE))
        .and_then(|()| news.last())
        .map(|last| {
            let (at, id) = (last.at.to_string(), last.id.to_string());
            link(SECTION, &[("at", &at), ("after", &id)])
        });
    let page = Page {
        shell: Shell::new(&session, SECTION, params.done.as_deref()),
        read_to: notifications::read_to(&mut db, session.user_id).await?,
        newest: news.first().map(|news| news.at).filter(|_| after.is_none()),
        news,
        next,
    };
    Ok(Html(page.render()?))
}

#[derive(Deserialize)]
struct Read {
    /// The newest that the page showed: what came meanwhile stays new.
    up_to: Timestamp,
}

async fn read(
    State(app): State<AppState>,
    StaffForm(session, form): StaffForm<Read>,
) -> Result<Redirect> {
    if !session.may::<UseInbox>() {
        return Err(PageError::forbidden());
    }
    let up_to = form.up_to.min(app.clock.now());
    let mut db = app.pool.acquire().await?;
    notifications::mark(&mut db, session.user_id, up_to).await?;
    Ok(Redirect::to(&format!("{SECTION}?done=read")))
}
