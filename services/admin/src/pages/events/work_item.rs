//! One work item, and what became of it.

use askama::Template;
use auth_token::permissions::{ManageOrders, ReadOrders};
use axum::extract::State;
use axum::response::{Html, Redirect};
use primitives::{Timestamp, WorkItemId};
use serde::Deserialize;
use serde_json::json;

use super::WORK_ITEMS;
use crate::app::AppState;
use crate::domain::dead_letters::href;
use crate::domain::diff::{Line, diff};
use crate::error::{PageError, Result};
use crate::format::filters;
use crate::input::{Path, Query, StaffForm};
use crate::pages::act::{Act, act};
use crate::pages::shell::Shell;
use crate::read::work_items::WorkItem;
use crate::read::{self, snapshot};
use crate::session::May;

#[derive(Template)]
#[template(path = "events/work_item.html")]
struct Page {
    shell: Shell,
    item: WorkItem,
    /// How it is here (before) and at the provider (after).
    compared: Vec<Line>,
    /// All else that is known.
    facts: Vec<Line>,
    subject_href: Option<String>,
    overdue: Timestamp,
    manage: bool,
    key: String,
}

impl Page {
    fn is_overdue(&self) -> bool {
        self.item.raised_at < self.overdue
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Params {
    done: Option<String>,
}

pub(super) async fn page(
    State(app): State<AppState>,
    session: May<ReadOrders>,
    Path(id): Path<WorkItemId>,
    Query(params): Query<Params>,
) -> Result<Html<String>> {
    let mut db = snapshot(&app.order_db).await?;
    let item = read::work_items::find(&mut db, id)
        .await?
        .ok_or_else(|| PageError::not_found().back_to(WORK_ITEMS))?;
    drop(db);
    let side = |name: &str| item.details.get(name).filter(|value| !value.is_null());
    let (ours, theirs) = (side("ours"), side("theirs"));
    let compared = if ours.is_none() && theirs.is_none() {
        Vec::new()
    } else {
        diff(ours, theirs)
    };
    let mut rest = item.details.clone();
    if let Some(fields) = rest.as_object_mut() {
        fields.retain(|name, _| !["says", "ours", "theirs"].contains(&name.as_str()));
    }
    let page = Page {
        shell: Shell::new(&session, WORK_ITEMS, params.done.as_deref()),
        subject_href: href(&item.subject),
        facts: diff(None, Some(&rest)),
        compared,
        item,
        overdue: app.clock.now() - app.overdue_after(),
        manage: session.may::<ManageOrders>(),
        key: app.sessions.new_token(),
    };
    Ok(Html(page.render()?))
}

#[derive(Deserialize)]
pub(super) struct Resolve {
    key: String,
    /// `done` or `ignored`.
    resolution: String,
    #[serde(default)]
    note: String,
}

pub(super) async fn resolve(
    State(app): State<AppState>,
    Path(id): Path<WorkItemId>,
    StaffForm(session, form): StaffForm<Resolve>,
) -> Result<Redirect> {
    let page = format!("{WORK_ITEMS}/{id}");
    let mut body = json!({ "resolution": form.resolution });
    let note = form.note.trim();
    if !note.is_empty() {
        body["note"] = note.into();
    }
    let resolve = Act {
        action: "work_item.resolve",
        target: format!("work_item:{id}"),
        service: &app.order,
        path: format!("/internal/work-items/{id}/resolve"),
        key: Some(&form.key),
        body,
        page: &page,
    };
    act(&app, &session, resolve).await?;
    Ok(Redirect::to(&format!("{page}?done=work_item")))
}
