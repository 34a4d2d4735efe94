use auth_token::permissions::ReadAudit;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use futures::stream;
use http_kit::RequestId;
use primitives::{AuditId, Timestamp};
use serde_json::json;

use super::filter::Params;
use crate::app::AppState;
use crate::domain::audit_chain::Hash;
use crate::error::Result;
use crate::input::Query;
use crate::session::May;
use crate::spreadsheet;
use crate::store;
use crate::store::audit::{DONE, Entry};
use crate::store::audit_rows::{AuditFilter, AuditRow};

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
    let (now, request_id) = (app.clock.now(), RequestId::current());
    let entry = Entry {
        id: AuditId::new(now, &app.random),
        at: now,
        actor_id: Some(session.user_id),
        actor_email: session.email.as_str(),
        action: "audit.export",
        target: "audit",
        outcome: DONE,
        details: json!({ "filter": params.link("", "").trim_start_matches('?') }),
        request_id: request_id.as_ref().map_or("", RequestId::as_str),
    };
    store::audit::insert(&mut db, &entry).await?;
    drop(db);
    let head = spreadsheet::line(HEAD.map(str::to_owned));
    let pieces = stream::try_unfold(Some((app, filter, None, head)), piece);
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8; header=present"),
        (CONTENT_DISPOSITION, "attachment; filename=\"audit.csv\""),
    ];
    Ok((headers, Body::from_stream(pieces)).into_response())
}

/// Where the file is: with what, after which row, and what stands before the next ones.
type Place = (AppState, AuditFilter, Option<(Timestamp, i64)>, String);

async fn piece(place: Option<Place>) -> sqlx::Result<Option<(String, Option<Place>)>> {
    let Some((app, filter, after, mut text)) = place else {
        return Ok(None);
    };
    let mut db = app.pool.acquire().await?;
    let rows = store::audit_rows::list(&mut db, &filter, after, BITE).await?;
    drop(db);
    text.extend(rows.iter().map(|row| spreadsheet::line(fields(row))));
    let next = rows.last().filter(|_| rows.len() as i64 == BITE);
    let next = next.map(|last| (app, filter, Some((last.at, last.seq)), String::new()));
    Ok(Some((text, next)))
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
