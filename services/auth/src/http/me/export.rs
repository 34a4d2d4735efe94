use auth_token::{FreshUser, OnBehalfOf};
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use http_kit::{Problem, Result};

use crate::app::AppState;
use crate::http::problems::SignedIn;
use crate::workflows::export;

/// Export my data
///
/// What the shop knows of the user, as one JSON document: account, addresses, sessions, orders with payments, parcels and timelines,
/// cart, reviews, wish list and a seller's products. Complete or not at all. Needs a sign-in or reauthentication within the last five
/// minutes.
#[utoipa::path(get, path = "/api/users/me/export", tag = "users", security(("bearer" = [])), responses(
    (status = 200, body = serde_json::Value, description = "A file to save"),
    (status = 503, body = Problem, content_type = "application/problem+json", description = "`unavailable`: a service is away"),
    SignedIn,
))]
pub(crate) async fn export_me(State(state): State<AppState>, user: FreshUser) -> Result<Response> {
    let document = export::export(&state, &OnBehalfOf::from(&*user)).await?;
    let headers = [
        (CONTENT_TYPE, "application/json"),
        (CONTENT_DISPOSITION, "attachment; filename=\"my-data.json\""),
        (CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, document).into_response())
}
