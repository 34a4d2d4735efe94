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
use crate::read::inventory::{self, Place};
use crate::session::May;

pub(super) const HERE: &str = "/admin/inventory";

#[derive(Template)]
#[template(path = "inventory/page.html")]
struct Page {
    shell: Shell,
    places: Vec<Place>,
    can_edit: bool,
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
    Query(params): Query<Params>,
) -> Result<Html<String>> {
    let page = Page {
        shell: Shell::new(&session, HERE, params.done.as_deref()),
        places: inventory::places(&mut *app.product_db.acquire().await?).await?,
        can_edit: session.may::<ManageCatalogue>(),
        key: app.sessions.new_token(),
    };
    Ok(Html(page.render()?))
}
