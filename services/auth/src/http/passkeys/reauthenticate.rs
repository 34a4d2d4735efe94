use auth_token::Person;
use axum::extract::State;
use http_kit::{Json, Result};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::AppState;
use crate::domain::webauthn::Assertion;
use crate::http::auth::refresh::RefreshResponse;
use crate::http::problems::{BadBody, SignedIn};
use crate::workflows::passkey_sign_in;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasskeyReauthenticateRequest {
    /// What `PublicKeyCredential.toJSON()` made of the browser's answer.
    credential: Assertion,
}

/// Prove again who you are, by a passkey
///
/// For what answers 401 `insufficient_user_authentication`. The new tokens belong to the same session, and the refresh token
/// from before is used up, as by `POST /api/auth/refresh`. A passkey that does not fit is 401 `invalid_credentials`.
#[utoipa::path(post, path = "/api/auth/passkeys/reauthenticate", tag = "auth", security(("bearer" = [])),
    request_body = PasskeyReauthenticateRequest, responses((status = 200, body = RefreshResponse), SignedIn, BadBody))]
pub(crate) async fn reauthenticate_by_passkey(
    State(state): State<AppState>,
    user: Person,
    Json(request): Json<PasskeyReauthenticateRequest>,
) -> Result<Json<RefreshResponse>> {
    let credential = &request.credential;
    let tokens =
        passkey_sign_in::reauthenticate(&state, user.user_id, user.session_id, credential).await?;
    Ok(Json(RefreshResponse { tokens }))
}
