use auth_token::permissions::ManageUsers;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use futures::stream;
use http_kit::RequestId;
use primitives::AuditId;
use serde_json::json;

use super::filter::{Found, Params, some};
use crate::app::AppState;
use crate::error::{PageError, Result};
use crate::input::Query;
use crate::read::customers::{CustomerFilter, Place};
use crate::session::May;
use crate::store::audit::{DONE, Entry};
use crate::{spreadsheet, store};

/// How many people are in memory at a time.
const BITE: usize = 500;

const HEAD: [&str; 11] = [
    "id",
    "email",
    "email_verified",
    "name",
    "role",
    "disabled",
    "leaving",
    "registered_at",
    "orders",
    "spent",
    "last_order_at",
];

/// The people of the filter as a file, newest first, sent as they are read. That somebody took them along is in the audit log.
pub(super) async fn file(
    State(app): State<AppState>,
    session: May<ManageUsers>,
    Query(params): Query<Params>,
) -> Result<Response> {
    let filter = params
        .filter()
        .map_err(|error| error.back_to(super::SECTION))?;
    let (now, request_id) = (app.clock.now(), RequestId::current());
    let entry = Entry {
        id: AuditId::new(now, &app.random),
        at: now,
        actor_id: Some(session.user_id),
        actor_email: session.email.as_str(),
        action: "customers.export",
        target: "customers",
        outcome: DONE,
        details: json!({ "filter": params.link("", "").trim_start_matches('?') }),
        request_id: request_id.as_ref().map_or("", RequestId::as_str),
    };
    store::audit::insert(&mut *app.pool.acquire().await?, &entry).await?;
    let at = At {
        app,
        filter,
        orders: params.orders,
        after: None,
        before: spreadsheet::line(HEAD.map(str::to_owned)),
    };
    let pieces = stream::try_unfold(Some(at), piece);
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8; header=present"),
        (
            CONTENT_DISPOSITION,
            "attachment; filename=\"customers.csv\"",
        ),
    ];
    Ok((headers, Body::from_stream(pieces)).into_response())
}

/// Where the file is.
struct At {
    app: AppState,
    filter: CustomerFilter,
    orders: String,
    after: Option<Place>,
    /// What stands before the next people.
    before: String,
}

async fn piece(at: Option<At>) -> std::result::Result<Option<(String, Option<At>)>, Broken> {
    let Some(mut at) = at else {
        return Ok(None);
    };
    let (found, next) = some(&at.app, &at.filter, &at.orders, at.after, BITE)
        .await
        .map_err(Broken)?;
    let mut text = std::mem::take(&mut at.before);
    text.extend(found.iter().map(|found| spreadsheet::line(fields(found))));
    let next = next.map(|place| At {
        after: Some(place),
        ..at
    });
    Ok(Some((text, next)))
}

/// A database went away in the middle: the file ends there, and the browser sees that it is not whole.
#[derive(Debug)]
struct Broken(PageError);

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the file breaks off: {:?}", self.0)
    }
}

impl std::error::Error for Broken {}

fn fields(found: &Found) -> [String; 11] {
    let (user, totals) = (&found.user, &found.totals);
    let spent: Vec<String> = totals.spent.iter().map(ToString::to_string).collect();
    [
        user.id.to_string(),
        user.email.clone(),
        user.email_verified.to_string(),
        user.name.clone(),
        user.role.to_string(),
        user.disabled.to_string(),
        user.leaving.to_string(),
        user.created_at.to_string(),
        totals.orders.to_string(),
        spent.join(" + "),
        totals.last_at.map(|at| at.to_string()).unwrap_or_default(),
    ]
}
