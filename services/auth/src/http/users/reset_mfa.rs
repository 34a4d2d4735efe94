use auth_token::Staff;
use auth_token::permissions::ManageUsers;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Path, Problem, Result};
use primitives::UserId;

use crate::app::AppState;
use crate::http::problems::{Missing, StaffOnly};
use crate::workflows::enrolment;

/// Take all second factors off a user who has lost them
///
/// Ends the user's sessions, and tells them by mail.
#[utoipa::path(delete, path = "/api/users/{id}/mfa", tag = "staff", security(("bearer" = [])), params(("id" = UserId, Path)), responses(
    (status = 204),
    (status = 409, body = Problem, content_type = "application/problem+json", description = "`cannot_change_self`"),
    StaffOnly, Missing,
))]
pub(crate) async fn reset_second_factors(
    State(state): State<AppState>,
    staff: Staff<ManageUsers>,
    Path(id): Path<UserId>,
) -> Result<StatusCode> {
    enrolment::reset_by_staff(&state, &staff.acting(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}
