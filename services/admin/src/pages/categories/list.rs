use askama::Template;
use auth_token::permissions::{ManageCatalogue, ReadCatalogue};
use axum::extract::State;
use axum::response::Html;
use serde::Deserialize;

use crate::app::AppState;
use crate::error::Result;
use crate::format::filters;
use crate::input::Query;
use crate::pages::shell::Shell;
use crate::read::categories::{self, Node};
use crate::read::snapshot;
use crate::session::May;

#[derive(Template)]
#[template(path = "categories/list.html")]
struct Page {
    shell: Shell,
    nodes: Vec<Node>,
    can_edit: bool,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Params {
    done: Option<String>,
}

pub(super) async fn page(
    State(app): State<AppState>,
    session: May<ReadCatalogue>,
    Query(params): Query<Params>,
) -> Result<Html<String>> {
    let mut db = snapshot(&app.product_db).await?;
    let page = Page {
        shell: Shell::new(&session, "/admin/categories", params.done.as_deref()),
        nodes: categories::tree(&mut db).await?,
        can_edit: session.may::<ManageCatalogue>(),
    };
    Ok(Html(page.render()?))
}
