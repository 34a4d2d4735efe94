use auth_token::permissions::ManageUsers;
use axum::extract::State;
use axum::response::Response;
use serde_json::json;

use super::filter::{Found, Params, some};
use crate::app::AppState;
use crate::error::{PageError, Result};
use crate::input::StaffForm;
use crate::read::customers::{CustomerFilter, Place};
use crate::spreadsheet;
use crate::store::audit::DONE;
use crate::workflows::audit::{self, entry};

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

/// The people of the filter as a file, newest first, sent as they are read. That somebody took them along is in the audit log; taking one person along
/// needs a fresh proof of who this is, and so does this.
pub(super) async fn file(
    State(app): State<AppState>,
    StaffForm(session, params): StaffForm<Params>,
) -> Result<Response> {
    if !session.may::<ManageUsers>() {
        return Err(PageError::forbidden());
    }
    session.check_fresh(app.clock.now())?;
    let filter = params
        .filter()
        .map_err(|error| error.back_to(super::SECTION))?;
    let details = json!({ "filter": params.link("", "").trim_start_matches('?') });
    let taken = entry(
        &app,
        session.actor(),
        "customers.export",
        "customers",
        DONE,
        details,
    );
    audit::write(&app, &taken).await?;
    let head = spreadsheet::line(HEAD.map(str::to_owned));
    let orders = params.orders;
    Ok(spreadsheet::stream("customers", head, None, move |after| {
        bite(app.clone(), filter.clone(), orders.clone(), after)
    }))
}

async fn bite(
    app: AppState,
    filter: CustomerFilter,
    orders: String,
    after: Option<Place>,
) -> std::result::Result<(String, Option<Option<Place>>), String> {
    let found = some(&app, &filter, &orders, after, BITE).await;
    let (found, next) = found.map_err(|error| format!("{error:?}"))?;
    let text = found
        .iter()
        .map(|found| spreadsheet::line(fields(found)))
        .collect();
    Ok((text, next.map(Some)))
}

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
