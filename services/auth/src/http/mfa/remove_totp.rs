use auth_token::FreshUser;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Problem, Result};

use crate::app::AppState;
use crate::http::problems::{Fresh, Missing};
use crate::workflows::enrolment;

/// Remove the authenticator app
///
/// With the last factor the recovery codes go too.
#[utoipa::path(delete, path = "/api/auth/mfa/totp", tag = "auth", security(("bearer" = [])), responses(
    (status = 204),
    (status = 409, body = Problem, content_type = "application/problem+json", description = "`second_factor_required`: of this user, who can only replace it"),
    Fresh, Missing,
))]
pub(crate) async fn remove_totp(
    State(state): State<AppState>,
    user: FreshUser,
) -> Result<StatusCode> {
    enrolment::remove(&state, user.user_id, user.session_id).await?;
    Ok(StatusCode::NO_CONTENT)
}
