use auth_token::Person;
use axum::extract::State;
use http_kit::{Json, Result};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::AppState;
use crate::http::problems::SignedIn;
use crate::workflows::enrolment;

/// The second factors of a user.
#[derive(Serialize, ToSchema)]
pub(crate) struct SecondFactors {
    /// Whether signing in asks for one.
    enabled: bool,
    /// Whether there is an authenticator app.
    totp: bool,
    /// Whether there are passkeys.
    passkeys: bool,
    /// How many are left.
    recovery_codes: i64,
    /// Whether the shop wants one of this user.
    required: bool,
}

/// See which second factors you have
#[utoipa::path(get, path = "/api/auth/mfa", tag = "auth", security(("bearer" = [])),
    responses((status = 200, body = SecondFactors), SignedIn))]
pub(crate) async fn show_second_factors(
    State(state): State<AppState>,
    user: Person,
) -> Result<Json<SecondFactors>> {
    let (factors, required) = enrolment::show(&state, user.user_id).await?;
    Ok(Json(SecondFactors {
        enabled: factors.any(),
        totp: factors.totp,
        passkeys: factors.passkeys,
        recovery_codes: factors.recovery_codes,
        required,
    }))
}
