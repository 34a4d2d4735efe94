use axum::extract::State;
use http_kit::{Json, Problem, Result};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::AppState;
use crate::domain::code::Code;
use crate::http::auth::SignedInUser;
use crate::http::problems::BadBody;
use crate::store::sessions::Device;
use crate::workflows::second_factor;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VerifyRequest {
    /// From `POST /api/auth/login`; good for five minutes, five wrong codes, and one sign-in.
    mfa_token: String,
    /// Six digits of the authenticator app, or a recovery code.
    #[schema(value_type = String, example = "123456")]
    code: Code,
}

/// Sign in, the second step
///
/// No code is good twice. After ten wrong codes in a row the user's codes are refused for a while (429), whatever the sign-in.
#[utoipa::path(post, path = "/api/auth/mfa/verify", tag = "auth", request_body = VerifyRequest, responses(
    (status = 200, body = SignedInUser),
    (status = 401, body = Problem, content_type = "application/problem+json", description = "`invalid_credentials`: a wrong code; `invalid_mfa_token`: begin again"),
    (status = 429, body = Problem, content_type = "application/problem+json", description = "`rate_limited`"),
    BadBody,
))]
pub(crate) async fn verify_second_factor(
    State(state): State<AppState>,
    device: Device,
    Json(request): Json<VerifyRequest>,
) -> Result<Json<SignedInUser>> {
    let signed_in =
        second_factor::verify(&state, &request.mfa_token, &request.code, &device).await?;
    Ok(Json(signed_in.into()))
}
