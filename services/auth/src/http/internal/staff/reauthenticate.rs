use axum::extract::State;
use axum::http::StatusCode;
use contracts::internal::users::StaffProof;
use http_kit::{ClientIp, Json, Problem, Result};

use super::Panel;
use crate::app::AppState;
use crate::domain::code::Code;
use crate::domain::password::GivenPassword;
use crate::http::auth::reauthenticate::ReauthenticateRequest;
use crate::workflows::panel;

/// Make a session of the panel fresh
#[utoipa::path(post, path = "/internal/staff/reauthenticate", request_body = StaffProof, responses(
    (status = 204),
    (status = 401, body = Problem, description = "`invalid_credentials`"),
    (status = 409, body = Problem, description = "`code_required`"),
    (status = 429, body = Problem, description = "`rate_limited`"),
))]
pub(crate) async fn staff_reauthenticate(
    State(state): State<AppState>,
    Panel(service): Panel,
    Json(proof): Json<StaffProof>,
) -> Result<StatusCode> {
    let evidence = ReauthenticateRequest {
        password: proof.password.map(GivenPassword::new),
        code: proof.code.as_deref().map(Code::parse),
    };
    let user = service.user()?.user_id;
    // The panel says whom it answers.
    let client = ClientIp::current().map(|ClientIp(ip)| ip);
    panel::reauthenticate(
        &state,
        user,
        proof.session_id,
        &evidence.try_into()?,
        client,
    )
    .await?;
    Ok(StatusCode::NO_CONTENT)
}
