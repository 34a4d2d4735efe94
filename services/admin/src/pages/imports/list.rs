use std::collections::HashMap;

use askama::Template;
use auth_token::permissions::{ManageCatalogue, ReadCatalogue};
use axum::extract::State;
use axum::response::Html;
use primitives::ImportId;
use serde::Deserialize;
use uuid::Uuid;

use crate::app::AppState;
use crate::error::Result;
use crate::format::filters;
use crate::input::Query;
use crate::pages::shell::{Shell, link};
use crate::read::imports::{self, ImportRow};
use crate::read::{snapshot, users};
use crate::session::May;

const PAGE: usize = 25;
const HERE: &str = "/admin/imports";

#[derive(Template)]
#[template(path = "imports/list.html")]
struct Page {
    shell: Shell,
    imports: Vec<ImportRow>,
    names: HashMap<Uuid, String>,
    can_edit: bool,
    /// Makes a form that is sent twice act once.
    key: String,
    next: Option<String>,
}

impl Page {
    fn name(&self, import: &ImportRow) -> &str {
        let name = self.names.get(&import.requested_by.uuid());
        name.map_or("", String::as_str)
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Params {
    after: Option<ImportId>,
    done: Option<String>,
}

pub(super) async fn page(
    State(app): State<AppState>,
    session: May<ReadCatalogue>,
    Query(params): Query<Params>,
) -> Result<Html<String>> {
    let mut db = snapshot(&app.product_db).await?;
    let mut found = imports::page(&mut db, params.after, PAGE as i64 + 1).await?;
    drop(db);
    let more = found.len() > PAGE;
    found.truncate(PAGE);
    let next = found
        .last()
        .filter(|_| more)
        .map(|last| link(HERE, &[("after", &last.id.to_string())]));
    let ids: Vec<Uuid> = found
        .iter()
        .map(|import| import.requested_by.uuid())
        .collect();
    let page = Page {
        shell: Shell::new(&session, HERE, params.done.as_deref()),
        names: users::names(&mut *app.auth_db.acquire().await?, &ids).await?,
        imports: found,
        can_edit: session.may::<ManageCatalogue>(),
        key: app.sessions.new_token(),
        next,
    };
    Ok(Html(page.render()?))
}
