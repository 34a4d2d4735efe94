use axum::extract::State;
use contracts::internal::users::{StaffSecondFactorRequest, StaffSession};
use http_kit::{Json, Problem, Result};

use super::{Panel, device};
use crate::app::AppState;
use crate::domain::code::Code;
use crate::workflows::panel;

/// Sign a member of staff in to the admin panel, the second step
#[utoipa::path(post, path = "/internal/staff/second-factor", request_body = StaffSecondFactorRequest, responses(
    (status = 200, body = StaffSession),
    (status = 401, body = Problem, description = "`invalid_credentials` or `invalid_mfa_token`"),
    (status = 429, body = Problem, description = "`rate_limited`"),
))]
pub(crate) async fn staff_second_factor(
    State(state): State<AppState>,
    _: Panel,
    Json(request): Json<StaffSecondFactorRequest>,
) -> Result<Json<StaffSession>> {
    let code = Code::parse(&request.code);
    let device = device(request.user_agent);
    let session = panel::second_step(&state, &request.mfa_token, &code, &device).await?;
    Ok(Json(session))
}
