use askama::Template;
use auth_token::permissions::ReadAudit;
use axum::extract::{RawQuery, State};
use axum::response::Html;
use http_kit::Cursor;
use primitives::Timestamp;

use super::act::{Act, acts};
use super::filter::Params;
use crate::app::AppState;
use crate::error::{PageError, Result};
use crate::format::filters;
use crate::input::Query;
use crate::pages::shell::Shell;
use crate::pages::views::Views;
use crate::read::snapshot;
use crate::session::May;
use crate::store;

const PAGE: usize = 50;

#[derive(Template)]
#[template(path = "audit/list.html")]
struct Page {
    shell: Shell,
    views: Views,
    params: Params,
    actions: Vec<String>,
    acts: Vec<Act>,
    /// The same rows as a file.
    file: String,
    next: Option<String>,
}

pub(super) async fn page(
    State(app): State<AppState>,
    session: May<ReadAudit>,
    RawQuery(query): RawQuery,
    Query(params): Query<Params>,
) -> Result<Html<String>> {
    let after = params
        .cursor
        .as_ref()
        .map(Cursor::decode::<(Timestamp, i64)>);
    let after = after
        .transpose()
        .map_err(|_| PageError::invalid("The link to this page of the list is broken."))?;
    let mut db = snapshot(&app.pool).await?;
    let mut rows =
        store::audit_rows::list(&mut db, &params.filter()?, after, PAGE as i64 + 1).await?;
    let actions = store::audit_rows::actions(&mut db).await?;
    drop(db);
    let more = rows.len() > PAGE;
    rows.truncate(PAGE);
    let next = match rows.last().filter(|_| more) {
        Some(last) => {
            let cursor =
                Cursor::encode(&(last.at, last.seq)).map_err(|_| PageError::not_found())?;
            Some(params.link("/admin/audit", cursor.as_str()))
        }
        None => None,
    };
    let page = Page {
        shell: Shell::new(&session, "/admin/audit", None),
        views: Views::of(&app, &session, "/admin/audit", query.as_deref()).await?,
        file: params.link("/admin/audit/export.csv", ""),
        actions,
        acts: acts(&rows),
        next,
        params,
    };
    Ok(Html(page.render()?))
}
