use axum::extract::State;
use contracts::internal::users::{StaffSessionRequest, StaffTotp};
use http_kit::{Json, Problem, Result};

use crate::app::AppState;
use crate::http::internal::staff::Panel;
use crate::workflows::enrolment::{self, Shown};

/// Begin to set up a staff member's authenticator app
#[utoipa::path(post, path = "/internal/staff/totp", request_body = StaffSessionRequest, responses(
    (status = 200, body = StaffTotp),
    (status = 401, body = Problem, description = "`insufficient_user_authentication`"),
))]
pub(crate) async fn staff_start_totp(
    State(state): State<AppState>,
    Panel(service): Panel,
    Json(request): Json<StaffSessionRequest>,
) -> Result<Json<StaffTotp>> {
    let user = service.fresh_user()?.user_id;
    let Shown { secret, uri, qr } = enrolment::start(&state, user, request.session_id).await?;
    Ok(Json(StaffTotp {
        secret,
        otpauth_uri: uri,
        qr_svg: qr,
    }))
}
