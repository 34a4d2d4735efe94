use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Json, Result};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::AppState;
use crate::http::problems::BadBody;
use crate::workflows::recovery;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VerifyEmailRequest {
    /// From the link in the mail.
    token: String,
}

/// Verify an address by the token of the mail
///
/// A token that is not good is 422 `invalid_token`. The next access token says that the address is verified.
#[utoipa::path(post, path = "/api/auth/email/verify", tag = "auth", request_body = VerifyEmailRequest,
    responses((status = 204), BadBody))]
pub(crate) async fn verify_email(
    State(state): State<AppState>,
    Json(request): Json<VerifyEmailRequest>,
) -> Result<StatusCode> {
    recovery::verify_email(&state, &request.token).await?;
    Ok(StatusCode::NO_CONTENT)
}
