use askama::Template;
use auth_token::permissions::ReadAudit;
use axum::extract::State;
use axum::response::Html;

use super::act::{Step, Target, change, facts, through, tone};
use crate::app::AppState;
use crate::domain::audit_chain::Hash;
use crate::domain::diff::Line;
use crate::error::{PageError, Result};
use crate::format::filters;
use crate::input::Path;
use crate::pages::shell::Shell;
use crate::read::snapshot;
use crate::session::May;
use crate::store;
use crate::store::audit_rows::AuditRow;

/// Rows of a request that are shown beside one of them.
const TOGETHER: i64 = 50;

#[derive(Template)]
#[template(path = "audit/detail.html")]
struct Page {
    shell: Shell,
    target: Target,
    change: Vec<Line>,
    facts: Vec<Line>,
    through: String,
    tone: &'static str,
    hash: String,
    previous_hash: String,
    together: Vec<(Step, AuditRow)>,
    row: AuditRow,
}

pub(super) async fn page(
    State(app): State<AppState>,
    session: May<ReadAudit>,
    Path(seq): Path<i64>,
) -> Result<Html<String>> {
    let mut db = snapshot(&app.pool).await?;
    let row = store::audit_rows::find(&mut db, seq).await?;
    let row = row.ok_or_else(|| PageError::not_found().back_to("/admin/audit"))?;
    let together = store::audit_rows::of_request(&mut db, &row.request_id, TOGETHER).await?;
    drop(db);
    let hex = |bytes: &[u8]| {
        Hash::new(bytes)
            .map(|hash| hash.to_string())
            .unwrap_or_default()
    };
    let step = |row: AuditRow| {
        let step = Step {
            seq: row.seq,
            outcome: row.outcome.clone(),
            tone: tone(&row.outcome),
        };
        (step, row)
    };
    let page = Page {
        shell: Shell::new(&session, "/admin/audit", None),
        target: Target::new(&row.target),
        change: change(&row),
        facts: facts(&row.details),
        through: through(&row),
        tone: tone(&row.outcome),
        hash: hex(&row.hash),
        previous_hash: hex(&row.previous_hash),
        together: together.into_iter().map(step).collect(),
        row,
    };
    Ok(Html(page.render()?))
}
