use askama::Template;
use auth_token::permissions::{ManageUsers, ReadUsers};
use axum::extract::{RawQuery, State};
use axum::response::Html;
use http_kit::Cursor;
use primitives::Currency;

use super::SECTION;
use super::filter::{Found, Params, some};
use crate::app::AppState;
use crate::error::{PageError, Result};
use crate::format::filters;
use crate::input::Query;
use crate::pages::shell::Shell;
use crate::pages::views::Views;
use crate::session::May;

const PAGE: usize = 50;

#[derive(Template)]
#[template(path = "customers/list.html")]
struct Page {
    shell: Shell,
    views: Views,
    currency: Currency,
    found: Vec<Found>,
    /// They may take the same people along as a file.
    manage: bool,
    next: Option<String>,
    params: Params,
}

pub(super) async fn page(
    State(app): State<AppState>,
    session: May<ReadUsers>,
    RawQuery(query): RawQuery,
    Query(params): Query<Params>,
) -> Result<Html<String>> {
    let back = |error: PageError| error.back_to(SECTION);
    let filter = params.filter().map_err(back)?;
    let after = params.place().map_err(back)?;
    let (found, next) = some(&app, &filter, &params.orders, after, PAGE).await?;
    let next = match next {
        Some(place) => {
            let cursor = Cursor::encode(&place).map_err(|_| PageError::not_found())?;
            Some(params.link(SECTION, cursor.as_str()))
        }
        None => None,
    };
    let page = Page {
        shell: Shell::new(&session, SECTION, params.done.as_deref()),
        views: Views::of(&app, &session, SECTION, query.as_deref()).await?,
        currency: app.currency(),
        found,
        manage: session.may::<ManageUsers>(),
        next,
        params,
    };
    Ok(Html(page.render()?))
}
