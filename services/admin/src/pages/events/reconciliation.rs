//! One comparison, and what was not the same.

use askama::Template;
use auth_token::permissions::ReadOrders;
use axum::extract::State;
use axum::response::Html;
use primitives::{ReconciliationId, Timestamp};
use serde::Deserialize;
use uuid::Uuid;

use super::{RECONCILIATIONS, section};
use crate::app::AppState;
use crate::domain::diff::{Line, diff};
use crate::domain::span::span;
use crate::error::{PageError, Result};
use crate::format::filters;
use crate::input::{Path, Query};
use crate::pages::shell::{Shell, link};
use crate::read::reconciliations::{Difference, Run};
use crate::read::{self, snapshot};
use crate::session::May;

const PAGE: usize = 50;

#[derive(Template)]
#[template(path = "events/reconciliation.html")]
struct Page {
    shell: Shell,
    now: Timestamp,
    run: Run,
    found: Vec<Found>,
    next: Option<String>,
}

impl Page {
    fn age(&self) -> String {
        span(self.now.since(self.run.started_at))
    }
}

/// A difference with its values side by side.
struct Found {
    it: Difference,
    lines: Vec<Line>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Params {
    after: Option<Uuid>,
}

pub(super) async fn page(
    State(app): State<AppState>,
    session: May<ReadOrders>,
    Path(id): Path<ReconciliationId>,
    Query(params): Query<Params>,
) -> Result<Html<String>> {
    let mut db = snapshot(&app.order_db).await?;
    let run = read::reconciliations::find(&mut db, id)
        .await?
        .ok_or_else(|| PageError::not_found().back_to(RECONCILIATIONS))?;
    let mut found =
        read::reconciliations::differences(&mut db, id, params.after, PAGE as i64 + 1).await?;
    drop(db);
    let next = (found.len() > PAGE)
        .then(|| found.truncate(PAGE))
        .and_then(|()| found.last())
        .map(|last| {
            link(
                &format!("{RECONCILIATIONS}/{id}"),
                &[("after", &last.id.to_string())],
            )
        });
    let found = found.into_iter().map(|it| Found {
        lines: diff(Some(&it.ours), Some(&it.theirs)),
        it,
    });
    let page = Page {
        shell: Shell::new(&session, section(&session), None),
        now: app.clock.now(),
        run,
        found: found.collect(),
        next,
    };
    Ok(Html(page.render()?))
}
