//! Mails to customers, and which could not be sent.

use askama::Template;
use auth_token::permissions::ReadUsers;
use axum::Router;
use axum::extract::State;
use axum::response::Html;
use axum::routing::get;
use http_kit::Cursor;
use primitives::Timestamp;
use serde::Deserialize;
use uuid::Uuid;

use super::shell::{Choice, Shell, choices, link};
use crate::app::AppState;
use crate::error::{PageError, Result};
use crate::format::filters;
use crate::input::Query;
use crate::read;
use crate::read::mails::{MailRow, STATUSES};
use crate::session::May;

const PAGE: usize = 50;
const HERE: &str = "/admin/mails";

pub(super) fn routes() -> Router<AppState> {
    Router::new().route(HERE, get(page))
}

#[derive(Template)]
#[template(path = "mails/list.html")]
struct Page {
    shell: Shell,
    status: &'static str,
    mails: Vec<MailRow>,
    next: Option<String>,
}

impl Page {
    fn statuses(&self) -> Vec<Choice> {
        choices(&STATUSES, self.status)
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Params {
    status: String,
    cursor: Option<Cursor>,
}

async fn page(
    State(app): State<AppState>,
    session: May<ReadUsers>,
    Query(params): Query<Params>,
) -> Result<Html<String>> {
    let status = STATUSES.into_iter().find(|word| *word == params.status);
    let broken =
        |_| PageError::invalid("The link to this page of the list is broken.").back_to(HERE);
    let after = params
        .cursor
        .as_ref()
        .map(|cursor| cursor.decode::<(Timestamp, Uuid)>().map_err(broken))
        .transpose()?;
    let mut db = app.pool.acquire().await?;
    let mut mails = read::mails::list(&mut db, status, after, PAGE as i64 + 1).await?;
    drop(db);
    let more = mails.len() > PAGE;
    mails.truncate(PAGE);
    let next = match mails.last().filter(|_| more) {
        Some(last) => {
            let cursor =
                Cursor::encode(&(last.created_at, last.id)).map_err(|_| PageError::not_found())?;
            let pairs = [
                ("status", status.unwrap_or_default()),
                ("cursor", cursor.as_str()),
            ];
            Some(link(HERE, &pairs))
        }
        None => None,
    };
    let page = Page {
        shell: Shell::new(&session, HERE, None),
        status: status.unwrap_or_default(),
        mails,
        next,
    };
    Ok(Html(page.render()?))
}
