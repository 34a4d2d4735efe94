use axum::extract::State;
use contracts::internal::users::{StaffRecoveryCodes, StaffSessionRequest};
use http_kit::{Json, Problem, Result};

use super::Panel;
use crate::app::AppState;
use crate::workflows::enrolment;

/// New recovery codes of a staff member
#[utoipa::path(post, path = "/internal/staff/recovery-codes", request_body = StaffSessionRequest, responses(
    (status = 200, body = StaffRecoveryCodes),
    (status = 401, body = Problem, description = "`insufficient_user_authentication`"),
    (status = 409, body = Problem, description = "`no_second_factor`"),
))]
pub(crate) async fn staff_recovery_codes(
    State(state): State<AppState>,
    Panel(service): Panel,
    Json(request): Json<StaffSessionRequest>,
) -> Result<Json<StaffRecoveryCodes>> {
    let user = service.fresh_user()?.user_id;
    let recovery_codes = enrolment::new_codes(&state, user, request.session_id).await?;
    Ok(Json(StaffRecoveryCodes { recovery_codes }))
}
