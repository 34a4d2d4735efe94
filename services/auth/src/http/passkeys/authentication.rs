use axum::extract::State;
use http_kit::{Json, Problem, Result};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::AppState;
use crate::domain::webauthn::RequestOptions;
use crate::http::problems::BadBody;
use crate::workflows::passkey_sign_in;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasskeyAuthenticationRequest {
    /// From `POST /api/auth/login`, for its second step; without it the passkey is to do alone.
    mfa_token: Option<String>,
}

/// Begin to sign in by a passkey
///
/// For `navigator.credentials.get({publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(…)})`. Good for five minutes.
#[utoipa::path(post, path = "/api/auth/passkeys/authentication", tag = "auth", request_body = PasskeyAuthenticationRequest,
    responses(
    (status = 200, body = RequestOptions),
    (status = 401, body = Problem, content_type = "application/problem+json", description = "`invalid_mfa_token`: begin again"),
    (status = 409, body = Problem, content_type = "application/problem+json", description = "`no_passkey`: the second step must be another"),
    BadBody,
))]
pub(crate) async fn begin_passkey_sign_in(
    State(state): State<AppState>,
    Json(request): Json<PasskeyAuthenticationRequest>,
) -> Result<Json<RequestOptions>> {
    let options = match request.mfa_token {
        Some(token) => passkey_sign_in::second_step_options(&state, &token).await?,
        None => passkey_sign_in::options(&state).await?,
    };
    Ok(Json(options))
}
