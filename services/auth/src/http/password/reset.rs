use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Json, Result};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::AppState;
use crate::domain::password::NewPassword;
use crate::http::problems::BadBody;
use crate::workflows::recovery;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResetPasswordRequest {
    /// From the link in the mail.
    token: String,
    /// The new password.
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 256)]
    password: NewPassword,
}

/// Choose a new password by the token of the mail
///
/// Ends all sessions. A token that is not good is 422 `invalid_token`.
#[utoipa::path(post, path = "/api/auth/password/reset", tag = "auth", request_body = ResetPasswordRequest,
    responses((status = 204), BadBody))]
pub(crate) async fn reset_password(
    State(state): State<AppState>,
    Json(request): Json<ResetPasswordRequest>,
) -> Result<StatusCode> {
    recovery::reset_password(&state, &request.token, &request.password).await?;
    Ok(StatusCode::NO_CONTENT)
}
