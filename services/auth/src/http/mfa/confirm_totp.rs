use auth_token::Person;
use axum::extract::State;
use http_kit::{Json, Problem, Result};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::AppState;
use crate::domain::code::Code;
use crate::http::problems::BadBody;
use crate::workflows::enrolment;
use crate::workflows::sign_in::Tokens;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfirmRequest {
    /// Six digits.
    #[schema(value_type = String, example = "123456")]
    code: Code,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ConfirmResponse {
    /// Codes for emergencies, shown this once; none if there are some from an earlier factor.
    recovery_codes: Vec<String>,
    /// Of the same session, and saying that the factor was used. The refresh token from before is used up.
    tokens: Tokens,
}

/// Set up an authenticator app by its first code
#[utoipa::path(post, path = "/api/auth/mfa/totp/confirm", tag = "auth", security(("bearer" = [])), request_body = ConfirmRequest, responses(
    (status = 200, body = ConfirmResponse),
    (status = 401, body = Problem, content_type = "application/problem+json", description = "`invalid_credentials`: a wrong code; or `unauthenticated`, `token_expired`, `token_revoked`"),
    (status = 409, body = Problem, content_type = "application/problem+json", description = "`not_started`, or not within ten minutes"),
    (status = 429, body = Problem, content_type = "application/problem+json", description = "`rate_limited`"),
    BadBody,
))]
pub(crate) async fn confirm_totp(
    State(state): State<AppState>,
    user: Person,
    Json(request): Json<ConfirmRequest>,
) -> Result<Json<ConfirmResponse>> {
    let (recovery_codes, tokens) =
        enrolment::confirm(&state, user.user_id, user.session_id, &request.code).await?;
    Ok(Json(ConfirmResponse {
        recovery_codes,
        tokens,
    }))
}
