use auth_token::FreshUser;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Json, Problem, Result};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::PasskeyView;
use crate::app::AppState;
use crate::domain::webauthn::Attestation;
use crate::http::problems::{BadBody, SignedIn};
use crate::workflows::passkeys::{self, PasskeyName};
use crate::workflows::sign_in::Tokens;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreatePasskeyRequest {
    #[schema(value_type = String, example = "My phone")]
    name: PasskeyName,
    /// What `PublicKeyCredential.toJSON()` made of the browser's answer.
    credential: Attestation,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct CreatedPasskey {
    #[serde(flatten)]
    passkey: PasskeyView,
    /// Codes for emergencies, shown this once; none if there are some from an earlier factor.
    recovery_codes: Vec<String>,
    /// Of the same session, and saying that the factor was used. The refresh token from before is used up.
    tokens: Tokens,
}

/// Add a passkey
///
/// From then on it signs me in, by itself or after the password, and the password alone no longer does. A credential that does not fit is 422 `invalid_passkey`.
#[utoipa::path(post, path = "/api/auth/passkeys", tag = "auth", security(("bearer" = [])), request_body = CreatePasskeyRequest, responses(
    (status = 201, body = CreatedPasskey),
    (status = 409, body = Problem, content_type = "application/problem+json", description = "`passkey_exists` or `too_many_passkeys`"),
    SignedIn, BadBody,
))]
pub(crate) async fn create_passkey(
    State(state): State<AppState>,
    user: FreshUser,
    Json(request): Json<CreatePasskeyRequest>,
) -> Result<(StatusCode, Json<CreatedPasskey>)> {
    let CreatePasskeyRequest { name, credential } = request;
    let registered =
        passkeys::register(&state, user.user_id, user.session_id, &name, &credential).await?;
    let created = CreatedPasskey {
        passkey: registered.passkey.into(),
        recovery_codes: registered.recovery_codes,
        tokens: registered.tokens,
    };
    Ok((StatusCode::CREATED, Json(created)))
}
