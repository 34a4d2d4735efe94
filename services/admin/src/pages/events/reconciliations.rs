//! Comparisons with the payment provider.

use askama::Template;
use auth_token::permissions::{ManageOrders, ReadOrders};
use axum::extract::State;
use axum::response::{Html, Redirect};
use primitives::ReconciliationId;
use serde::Deserialize;
use serde_json::json;

use super::{RECONCILIATIONS, Tab, section, tabs};
use crate::app::AppState;
use crate::error::Result;
use crate::format::filters;
use crate::input::{Query, StaffForm};
use crate::pages::act::{Act, act};
use crate::pages::shell::{Shell, link};
use crate::read::reconciliations::Run;
use crate::read::{self, snapshot};
use crate::session::May;

const PAGE: usize = 50;

#[derive(Template)]
#[template(path = "events/reconciliations.html")]
struct Page {
    shell: Shell,
    tabs: Vec<Tab>,
    runs: Vec<Run>,
    /// Those that found nothing, too.
    all: bool,
    manage: bool,
    key: String,
    next: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Params {
    show: String,
    after: Option<ReconciliationId>,
    done: Option<String>,
}

pub(super) async fn page(
    State(app): State<AppState>,
    session: May<ReadOrders>,
    Query(params): Query<Params>,
) -> Result<Html<String>> {
    let all = params.show != "found";
    let mut db = snapshot(&app.order_db).await?;
    let mut runs =
        read::reconciliations::list(&mut db, !all, params.after, PAGE as i64 + 1).await?;
    drop(db);
    let next = (runs.len() > PAGE)
        .then(|| runs.truncate(PAGE))
        .and_then(|()| runs.last())
        .map(|last| {
            let after = last.id.to_string();
            link(
                RECONCILIATIONS,
                &[("show", &params.show), ("after", &after)],
            )
        });
    let page = Page {
        shell: Shell::new(&session, section(&session), params.done.as_deref()),
        tabs: tabs(&session, RECONCILIATIONS),
        runs,
        all,
        manage: session.may::<ManageOrders>(),
        key: app.sessions.new_token(),
        next,
    };
    Ok(Html(page.render()?))
}

#[derive(Deserialize)]
pub(super) struct Start {
    key: String,
    /// `window` or `full`.
    span: String,
}

pub(super) async fn start(
    State(app): State<AppState>,
    StaffForm(session, form): StaffForm<Start>,
) -> Result<Redirect> {
    let start = Act {
        action: "reconciliation.start",
        target: "reconciliation".to_owned(),
        service: &app.order,
        path: "/internal/reconciliations".to_owned(),
        key: Some(&form.key),
        body: json!({ "span": form.span }),
        page: RECONCILIATIONS,
    };
    act(&app, &session, start).await?;
    Ok(Redirect::to(&format!("{RECONCILIATIONS}?done=reconciling")))
}
