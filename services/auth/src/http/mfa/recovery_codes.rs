use auth_token::FreshUser;
use axum::extract::State;
use http_kit::{Json, Problem, Result};

use super::RecoveryCodes;
use crate::app::AppState;
use crate::http::problems::Fresh;
use crate::workflows::enrolment;

/// Get ten new recovery codes instead of all earlier ones
#[utoipa::path(post, path = "/api/auth/mfa/recovery-codes", tag = "auth", security(("bearer" = [])), responses(
    (status = 200, body = RecoveryCodes),
    (status = 409, body = Problem, content_type = "application/problem+json", description = "`no_second_factor`: nothing to recover"),
    Fresh,
))]
pub(crate) async fn replace_recovery_codes(
    State(state): State<AppState>,
    user: FreshUser,
) -> Result<Json<RecoveryCodes>> {
    let recovery_codes = enrolment::new_codes(&state, user.user_id, user.session_id).await?;
    Ok(Json(RecoveryCodes { recovery_codes }))
}
