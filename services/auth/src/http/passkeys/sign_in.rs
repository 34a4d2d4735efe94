use axum::extract::State;
use http_kit::{Json, Problem, Result};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::AppState;
use crate::domain::webauthn::Assertion;
use crate::http::auth::SignedInUser;
use crate::http::problems::{BadBody, Limited};
use crate::store::sessions::Device;
use crate::workflows::passkey_sign_in;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasskeySignInRequest {
    /// What `PublicKeyCredential.toJSON()` made of the browser's answer.
    credential: Assertion,
    /// The one that the options were asked with.
    mfa_token: Option<String>,
}

/// Sign in by a passkey
///
/// Without an `mfa_token` its authenticator must have verified the user. Which of the checks failed is not told.
#[utoipa::path(post, path = "/api/auth/passkeys/sign-in", tag = "auth", request_body = PasskeySignInRequest, responses(
    (status = 200, body = SignedInUser),
    (status = 401, body = Problem, content_type = "application/problem+json", description = "`invalid_credentials`; `invalid_mfa_token`: begin again"),
    (status = 403, body = Problem, content_type = "application/problem+json", description = "`account_disabled`"),
    BadBody,
    Limited,
))]
pub(crate) async fn passkey_sign_in(
    State(state): State<AppState>,
    device: Device,
    Json(request): Json<PasskeySignInRequest>,
) -> Result<Json<SignedInUser>> {
    let PasskeySignInRequest {
        credential,
        mfa_token,
    } = request;
    let signed_in = match mfa_token {
        Some(token) => passkey_sign_in::second_step(&state, &credential, &token, &device).await?,
        None => passkey_sign_in::sign_in(&state, &credential, &device).await?,
    };
    Ok(Json(signed_in.into()))
}
