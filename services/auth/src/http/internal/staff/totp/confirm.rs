use axum::extract::State;
use contracts::internal::users::{StaffRecoveryCodes, StaffTotpCode};
use http_kit::{Json, Problem, Result};

use crate::app::AppState;
use crate::domain::code::Code;
use crate::http::internal::staff::Panel;
use crate::workflows::panel;

/// Set up a staff member's authenticator app by its first code
#[utoipa::path(post, path = "/internal/staff/totp/confirm", request_body = StaffTotpCode, responses(
    (status = 200, body = StaffRecoveryCodes),
    (status = 401, body = Problem, description = "`invalid_credentials`"),
    (status = 409, body = Problem, description = "`not_started`"),
    (status = 429, body = Problem, description = "`rate_limited`"),
))]
pub(crate) async fn staff_confirm_totp(
    State(state): State<AppState>,
    Panel(service): Panel,
    Json(request): Json<StaffTotpCode>,
) -> Result<Json<StaffRecoveryCodes>> {
    let (user, code) = (service.user()?.user_id, Code::parse(&request.code));
    let recovery_codes = panel::confirm_totp(&state, user, request.session_id, &code).await?;
    Ok(Json(StaffRecoveryCodes { recovery_codes }))
}
