use auth_token::Staff;
use auth_token::permissions::ManageUsers;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Path, Result};
use primitives::UserId;

use crate::app::AppState;
use crate::http::problems::{Missing, StaffOnly};
use crate::workflows::manage;

/// End all sessions of a user
///
/// Their tokens are refused within a second; the account stays open.
#[utoipa::path(delete, path = "/api/users/{id}/sessions", tag = "staff", security(("bearer" = [])), params(("id" = UserId, Path)),
    responses((status = 204), StaffOnly, Missing))]
pub(crate) async fn end_user_sessions(
    State(state): State<AppState>,
    staff: Staff<ManageUsers>,
    Path(id): Path<UserId>,
) -> Result<StatusCode> {
    manage::end_sessions(&state, &staff.acting(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}
