use auth_token::Staff;
use auth_token::permissions::ManageUsers;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Path, Result};
use primitives::UserId;

use crate::app::AppState;
use crate::http::problems::{Missing, StaffOnly};
use crate::workflows::deletion;

/// Keep a user's account that was to be deleted
#[utoipa::path(delete, path = "/api/users/{id}/deletion", tag = "staff", security(("bearer" = [])), params(("id" = UserId, Path)),
    responses((status = 204), StaffOnly, Missing))]
pub(crate) async fn cancel_user_deletion(
    State(state): State<AppState>,
    staff: Staff<ManageUsers>,
    Path(id): Path<UserId>,
) -> Result<StatusCode> {
    deletion::take_back_by_staff(&state, &staff.acting(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}
