use auth_token::permissions::ReadAudit;
use axum::extract::State;
use axum::response::Response;
use primitives::Timestamp;
use serde_json::json;

use super::filter::Params;
use crate::app::AppState;
use crate::domain::audit_chain::Hash;
use crate::error::Result;
use crate::input::Query;
use crate::session::May;
use crate::spreadsheet;
use crate::store;
use crate::store::audit::DONE;
use crate::store::audit_rows::{AuditFilter, AuditRow};
use crate::workflows::audit::{self, entry};

/// How many rows are in memory at a time.
const BITE: i64 = 500;

const HEAD: [&str; 16] = [
    "number",
    "at",
    "actor_email",
    "actor_id",
    "actor_role",
    "action",
    "target",
    "outcome",
    "source",
    "through",
    "ip",
    "request_id",
    "details",
    "before",
    "after",
    "sha256",
];

/// The rows of the filter as a file, newest first, sent as they are read. That somebody took it along is in the log, too.
pub(super) async fn file(
    State(app): State<AppState>,
    session: May<ReadAudit>,
    Query(params): Query<Params>,
) -> Result<Response> {
    let mut filter = params.filter()?;
    let mut db = app.pool.acquire().await?;
    // What is written meanwhile is not in it, so that it is the log of one moment.
    filter.newest = Some(
        store::audit::head(&mut db)
            .await?
            .map_or(0, |head| head.seq),
    );
    drop(db);
    let details = json!({ "filter": params.link("", "").trim_start_matches('?') });
    let taken = entry(
        &app,
        session.actor(),
        "audit.export",
        "audit",
        DONE,
        details,
    );
    audit::write(&app, &taken).await?;
    let head = spreadsheet::line(HEAD.map(str::to_owned));
    Ok(spreadsheet::stream("audit", head, None, move |after| {
        bite(app.clone(), filter.clone(), after)
    }))
}

/// After a row, named by its time and number.
type Place = Option<(Timestamp, i64)>;

async fn bite(
    app: AppState,
    filter: AuditFilter,
    after: Place,
) -> sqlx::Result<(String, Option<Place>)> {
    let mut db = app.pool.acquire().await?;
    let rows = store::audit_rows::list(&mut db, &filter, after, BITE).await?;
    let text = rows
        .iter()
        .map(|row| spreadsheet::line(fields(row)))
        .collect();
    let last = rows.last().filter(|_| rows.len() as i64 == BITE);
    Ok((text, last.map(|last| Some((last.at, last.seq)))))
}

fn fields(row: &AuditRow) -> [String; 16] {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let json = |value: &Option<serde_json::Value>| {
        value.as_ref().map(ToString::to_string).unwrap_or_default()
    };
    [
        row.seq.to_string(),
        row.at.to_string(),
        row.actor_email.clone(),
        row.actor_id.map(|id| id.to_string()).unwrap_or_default(),
        text(&row.actor_role),
        row.action.clone(),
        row.target.clone(),
        row.outcome.clone(),
        row.source.clone(),
        text(&row.through),
        text(&row.ip),
        row.request_id.clone(),
        row.details.to_string(),
        json(&row.before),
        json(&row.after),
        Hash::new(&row.hash)
            .map(|hash| hash.to_string())
            .unwrap_or_default(),
    ]
}
