use auth_token::FreshUser;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Json, Problem, Result};
use primitives::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::AppState;
use crate::http::problems::SignedIn;
use crate::workflows::deletion;

#[derive(Serialize, ToSchema)]
pub(crate) struct DeleteMeResponse {
    /// Signing in before then keeps the account.
    pub(crate) deletes_at: Timestamp,
}

/// Delete my account
///
/// All sessions end at once. The account and its personal data are deleted at `deletes_at`, unless the user signs in before.
/// Needs a sign-in or reauthentication within the last five minutes.
#[utoipa::path(delete, path = "/api/users/me", tag = "users", security(("bearer" = [])), responses(
    (status = 202, body = DeleteMeResponse),
    (status = 409, body = Problem, content_type = "application/problem+json", description = "`last_admin`"),
    SignedIn,
))]
pub(crate) async fn delete_me(
    State(state): State<AppState>,
    user: FreshUser,
) -> Result<(StatusCode, Json<DeleteMeResponse>)> {
    let deletes_at = deletion::request(&state, user.user_id).await?;
    Ok((StatusCode::ACCEPTED, Json(DeleteMeResponse { deletes_at })))
}
