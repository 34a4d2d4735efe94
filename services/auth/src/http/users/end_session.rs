use auth_token::Staff;
use auth_token::permissions::ManageUsers;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Path, Result};
use primitives::{SessionId, UserId};

use crate::app::AppState;
use crate::http::problems::{Missing, StaffOnly};
use crate::workflows::manage;

/// End one session of a user
///
/// Its tokens are refused within a second.
#[utoipa::path(delete, path = "/api/users/{id}/sessions/{session_id}", tag = "staff", security(("bearer" = [])),
    params(("id" = UserId, Path), ("session_id" = SessionId, Path)), responses((status = 204), StaffOnly, Missing))]
pub(crate) async fn end_user_session(
    State(state): State<AppState>,
    staff: Staff<ManageUsers>,
    Path((id, session)): Path<(UserId, SessionId)>,
) -> Result<StatusCode> {
    manage::end_session(&state, &staff.acting(), id, session).await?;
    Ok(StatusCode::NO_CONTENT)
}
