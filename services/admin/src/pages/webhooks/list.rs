use askama::Template;
use auth_token::permissions::ManageSettings;
use axum::extract::State;
use axum::response::Html;
use serde::Deserialize;

use super::SECTION;
use crate::app::AppState;
use crate::error::Result;
use crate::format::filters;
use crate::input::Query;
use crate::pages::shell::Shell;
use crate::session::May;
use crate::store::webhooks::endpoints::{self, Endpoint};

#[derive(Template)]
#[template(path = "webhooks/list.html")]
struct Page {
    shell: Shell,
    endpoints: Vec<Endpoint>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Params {
    done: Option<String>,
}

pub(super) async fn page(
    State(app): State<AppState>,
    session: May<ManageSettings>,
    Query(params): Query<Params>,
) -> Result<Html<String>> {
    let page = Page {
        shell: Shell::new(&session, SECTION, params.done.as_deref()),
        endpoints: endpoints::list(&mut *app.pool.acquire().await?).await?,
    };
    Ok(Html(page.render()?))
}
