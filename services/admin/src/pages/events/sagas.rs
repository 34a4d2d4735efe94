//! Orders for which something is still to be done elsewhere.

use askama::Template;
use auth_token::permissions::{ManageOrders, ReadOrders};
use axum::extract::State;
use axum::response::{Html, Redirect};
use primitives::{OrderId, Timestamp};
use serde::Deserialize;
use serde_json::json;

use super::{SAGAS, Tab, section, tabs};
use crate::app::AppState;
use crate::domain::span::span;
use crate::error::Result;
use crate::format::filters;
use crate::input::{Path, Query, StaffForm};
use crate::pages::act::{Act, act};
use crate::pages::shell::{Shell, link};
use crate::read::sagas::{STUCK_AFTER, Saga, Step};
use crate::read::{self, snapshot};
use crate::session::May;

const PAGE: usize = 50;

#[derive(Template)]
#[template(path = "events/sagas.html")]
struct Page {
    shell: Shell,
    tabs: Vec<Tab>,
    now: Timestamp,
    /// All that is open, not only what is stuck.
    all: bool,
    sagas: Vec<Saga>,
    manage: bool,
    key: String,
    next: Option<String>,
}

impl Page {
    fn age(&self, step: &Step) -> String {
        span(self.now.since(step.created_at))
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Params {
    show: String,
    after: Option<OrderId>,
    done: Option<String>,
}

pub(super) async fn page(
    State(app): State<AppState>,
    session: May<ReadOrders>,
    Query(params): Query<Params>,
) -> Result<Html<String>> {
    let now = app.clock.now();
    let all = params.show == "all";
    let stuck_since = (!all).then(|| now - STUCK_AFTER);
    let mut db = snapshot(&app.order_db).await?;
    let mut sagas = read::sagas::open(&mut db, stuck_since, params.after, PAGE as i64 + 1).await?;
    drop(db);
    let next = (sagas.len() > PAGE)
        .then(|| sagas.truncate(PAGE))
        .and_then(|()| sagas.last())
        .map(|last| {
            let after = last.order_id.to_string();
            link(SAGAS, &[("show", &params.show), ("after", &after)])
        });
    let page = Page {
        shell: Shell::new(&session, section(&session), params.done.as_deref()),
        tabs: tabs(&session, SAGAS),
        now,
        all,
        sagas,
        manage: session.may::<ManageOrders>(),
        key: app.sessions.new_token(),
        next,
    };
    Ok(Html(page.render()?))
}

#[derive(Deserialize)]
pub(super) struct Resume {
    key: String,
    /// Which list they came from.
    #[serde(default)]
    show: String,
}

pub(super) async fn resume(
    State(app): State<AppState>,
    Path(order): Path<OrderId>,
    StaffForm(session, form): StaffForm<Resume>,
) -> Result<Redirect> {
    let page = link(SAGAS, &[("show", &form.show), ("done", "resumed")]);
    let resume = Act {
        action: "order.resume",
        target: format!("order:{order}"),
        service: &app.order,
        path: format!("/internal/sagas/{order}/resume"),
        key: Some(&form.key),
        body: json!({}),
        page: SAGAS,
    };
    act(&app, &session, resume).await?;
    Ok(Redirect::to(&page))
}
