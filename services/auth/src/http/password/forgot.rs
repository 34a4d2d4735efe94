use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Json, Result};
use primitives::EmailAddress;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::AppState;
use crate::http::problems::{BadBody, Limited};
use crate::store::one_time_tokens::Purpose;
use crate::store::sessions::Device;
use crate::workflows::mail_requests;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ForgotPasswordRequest {
    email: EmailAddress,
}

/// Ask for a link to choose a new password
///
/// The answer does not tell whether there is such an account.
#[utoipa::path(post, path = "/api/auth/password/forgot", tag = "auth", request_body = ForgotPasswordRequest,
    responses((status = 202), BadBody, Limited))]
pub(crate) async fn forgot_password(
    State(state): State<AppState>,
    device: Device,
    Json(request): Json<ForgotPasswordRequest>,
) -> Result<StatusCode> {
    state.limits.mail(&request.email, device.ip).await?;
    mail_requests::ask(&state, Purpose::ResetPassword, &request.email).await?;
    Ok(StatusCode::ACCEPTED)
}
