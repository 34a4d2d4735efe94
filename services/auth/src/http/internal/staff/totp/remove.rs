use axum::extract::State;
use axum::http::StatusCode;
use contracts::internal::users::StaffSessionRequest;
use http_kit::{Json, Problem, Result};

use crate::app::AppState;
use crate::http::internal::staff::Panel;
use crate::workflows::enrolment;

/// Remove a staff member's authenticator app
#[utoipa::path(post, path = "/internal/staff/totp/remove", request_body = StaffSessionRequest, responses(
    (status = 204),
    (status = 401, body = Problem, description = "`insufficient_user_authentication`"),
    (status = 404, body = Problem, description = "`not_found`"),
    (status = 409, body = Problem, description = "`second_factor_required`"),
))]
pub(crate) async fn staff_remove_totp(
    State(state): State<AppState>,
    Panel(service): Panel,
    Json(request): Json<StaffSessionRequest>,
) -> Result<StatusCode> {
    let user = service.fresh_user()?.user_id;
    enrolment::remove(&state, user, request.session_id).await?;
    Ok(StatusCode::NO_CONTENT)
}
