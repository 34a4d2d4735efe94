use auth_token::FreshUser;
use axum::extract::State;
use http_kit::{Json, Problem, Result};

use crate::app::AppState;
use crate::domain::webauthn::CreationOptions;
use crate::http::problems::SignedIn;
use crate::workflows::passkeys;

/// Begin to add a passkey
///
/// For `navigator.credentials.create({publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(…)})`. Good for five minutes.
#[utoipa::path(post, path = "/api/auth/passkeys/registration", tag = "auth", security(("bearer" = [])), responses(
    (status = 200, body = CreationOptions),
    (status = 409, body = Problem, content_type = "application/problem+json", description = "`too_many_passkeys`"),
    SignedIn,
))]
pub(crate) async fn begin_passkey_registration(
    State(state): State<AppState>,
    user: FreshUser,
) -> Result<Json<CreationOptions>> {
    Ok(Json(
        passkeys::registration_options(&state, user.user_id, user.session_id).await?,
    ))
}
