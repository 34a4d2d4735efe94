use axum::extract::State;
use axum::http::StatusCode;
use contracts::internal::users::StaffSessionRequest;
use http_kit::{Json, Result};

use super::Panel;
use crate::app::AppState;
use crate::store::sessions::{Which, Why};
use crate::workflows::revoke;

/// End a session of the panel
#[utoipa::path(post, path = "/internal/staff/sign-out", request_body = StaffSessionRequest, responses((status = 204)))]
pub(crate) async fn staff_sign_out(
    State(state): State<AppState>,
    Panel(service): Panel,
    Json(request): Json<StaffSessionRequest>,
) -> Result<StatusCode> {
    let which = Which::One(request.session_id);
    revoke::end_sessions(&state, service.user()?.user_id, which, Why::Logout).await?;
    Ok(StatusCode::NO_CONTENT)
}
