use auth_token::Person;
use axum::extract::State;
use http_kit::{Json, Problem, Result};

use crate::app::AppState;
use crate::domain::webauthn::RequestOptions;
use crate::http::problems::SignedIn;
use crate::workflows::passkey_sign_in;

/// Begin to prove again who you are, by a passkey
///
/// As `POST /api/auth/passkeys/authentication`, for `POST /api/auth/passkeys/reauthenticate`.
#[utoipa::path(post, path = "/api/auth/passkeys/reauthentication", tag = "auth", security(("bearer" = [])), responses(
    (status = 200, body = RequestOptions),
    (status = 409, body = Problem, content_type = "application/problem+json", description = "`no_passkey`"),
    SignedIn,
))]
pub(crate) async fn begin_passkey_reauthentication(
    State(state): State<AppState>,
    user: Person,
) -> Result<Json<RequestOptions>> {
    Ok(Json(
        passkey_sign_in::reauthentication_options(&state, user.user_id).await?,
    ))
}
