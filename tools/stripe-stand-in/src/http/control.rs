//! The stand-in's own routes, for tests: faults, a look inside, and what only a bank or a buyer could do.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::app::{App, Served};
use crate::error::ApiError;
use crate::faults::Fault;
use crate::model::intent::Intent;
use crate::webhooks::{Delivery, Sender};
use crate::world::World;

type Shared = State<(App, Sender)>;

pub(super) async fn faults(State((app, _)): Shared) -> Json<Vec<Fault>> {
    Json(app.faults().list())
}

pub(super) async fn add_fault(State((app, _)): Shared, Json(fault): Json<Fault>) -> StatusCode {
    app.faults().add(fault);
    StatusCode::NO_CONTENT
}

pub(super) async fn clear_faults(State((app, sender)): Shared) -> StatusCode {
    app.faults().clear();
    sender.release().await;
    StatusCode::NO_CONTENT
}

/// All intents, newest first, whole.
pub(super) async fn intents(State((app, _)): Shared) -> Json<Vec<Value>> {
    Json(app.read(|world| world.intents.newest_first().map(Intent::render).collect()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Authenticate {
    success: Option<bool>,
}

/// The buyer's 3-D Secure page: `{"success": false}` fails it.
pub(super) async fn authenticate(
    State((app, _)): Shared,
    Path(id): Path<String>,
    Json(request): Json<Authenticate>,
) -> Result<Json<Value>, ApiError> {
    app.change(|world| world.authenticate_intent(&id, request.success.unwrap_or(true)))
        .map(Json)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settle {
    status: Settled,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Settled {
    Succeeded,
    Failed,
}

/// The bank's last word on a refund.
pub(super) async fn settle_refund(
    State((app, _)): Shared,
    Path(id): Path<String>,
    Json(request): Json<Settle>,
) -> Result<Json<Value>, ApiError> {
    let status = match request.status {
        Settled::Succeeded => "succeeded",
        Settled::Failed => "failed",
    };
    app.change(|world| world.settle_refund(&id, status))
        .map(Json)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Objection {
    reason: Option<String>,
    amount: Option<i64>,
    inquiry: Option<bool>,
}

/// A cardholder objects to a payment: `{"reason": "product_not_received", "amount": 500, "inquiry": true}`, each optional.
pub(super) async fn raise_dispute(
    State((app, _)): Shared,
    Path(id): Path<String>,
    Json(request): Json<Objection>,
) -> Result<Json<Value>, ApiError> {
    let reason = request.reason.as_deref().unwrap_or("fraudulent");
    let inquiry = request.inquiry.unwrap_or(false);
    app.change(|world| world.raise_dispute(&id, reason, request.amount, inquiry))
        .map(Json)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Verdict {
    status: Decided,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Decided {
    Won,
    Lost,
    WarningClosed,
    UnderReview,
    NeedsResponse,
}

/// What the bank says of a dispute.
pub(super) async fn settle_dispute(
    State((app, _)): Shared,
    Path(id): Path<String>,
    Json(request): Json<Verdict>,
) -> Result<Json<Value>, ApiError> {
    let status = match request.status {
        Decided::Won => "won",
        Decided::Lost => "lost",
        Decided::WarningClosed => "warning_closed",
        Decided::UnderReview => "under_review",
        Decided::NeedsResponse => "needs_response",
    };
    app.change(|world| world.settle_dispute(&id, status))
        .map(Json)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    event: Option<String>,
    object: Option<String>,
    r#type: Option<String>,
}

/// Webhooks, oldest first; `?event=`, `?object=` and `?type=` narrow them down.
pub(super) async fn deliveries(
    State((app, _)): Shared,
    Query(which): Query<Which>,
) -> Json<Vec<Delivery>> {
    let same =
        |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|wanted| wanted == is);
    let mut all = app.deliveries().list();
    all.retain(|delivery| {
        same(&which.event, &delivery.event)
            && same(&which.object, &delivery.object)
            && same(&which.r#type, &delivery.kind)
    });
    Json(all)
}

/// Requests served, oldest first.
pub(super) async fn requests(State((app, _)): Shared) -> Json<Vec<Served>> {
    Json(app.served())
}

/// Sends an event once more.
pub(super) async fn resend(
    State((app, sender)): Shared,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    app.read(|world| world.event(&id))?;
    sender.resend(&id);
    Ok(Json(json!({ "event": id })))
}

/// Forgets everything.
pub(super) async fn forget(State((app, _)): Shared) -> StatusCode {
    app.change(World::forget);
    StatusCode::NO_CONTENT
}
