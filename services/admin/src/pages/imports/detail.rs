use askama::Template;
use auth_token::permissions::{ManageCatalogue, ReadCatalogue};
use axum::extract::State;
use axum::response::Html;
use primitives::ImportId;
use serde::Deserialize;

use crate::app::AppState;
use crate::error::{PageError, Result};
use crate::format::filters;
use crate::input::{Path, Query};
use crate::pages::shell::Shell;
use crate::read::imports::{self, ImportRow, Refused};
use crate::read::snapshot;
use crate::session::May;

/// So many refused products are shown; the file of errors has all.
const SHOWN: i64 = 50;

#[derive(Template)]
#[template(path = "imports/detail.html")]
struct Page {
    shell: Shell,
    import: ImportRow,
    refused: Vec<Refused>,
    can_edit: bool,
    /// Makes a form that is sent twice act once.
    key: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Params {
    done: Option<String>,
}

pub(super) async fn page(
    State(app): State<AppState>,
    session: May<ReadCatalogue>,
    Path(id): Path<ImportId>,
    Query(params): Query<Params>,
) -> Result<Html<String>> {
    let mut db = snapshot(&app.product_db).await?;
    let import = imports::find(&mut db, id)
        .await?
        .ok_or_else(PageError::not_found)?;
    let page = Page {
        shell: Shell::new(&session, "/admin/imports", params.done.as_deref()),
        refused: imports::refused(&mut db, id, SHOWN).await?,
        import,
        can_edit: session.may::<ManageCatalogue>(),
        key: app.sessions.new_token(),
    };
    Ok(Html(page.render()?))
}
