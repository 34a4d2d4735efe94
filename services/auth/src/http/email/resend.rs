use auth_token::User;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::Result;

use crate::app::AppState;
use crate::http::problems::SignedIn;
use crate::workflows::recovery;

/// Send the mail to verify the address again
///
/// Does nothing if it is verified.
#[utoipa::path(post, path = "/api/auth/email/resend", tag = "auth", security(("bearer" = [])), responses((status = 202), SignedIn))]
pub(crate) async fn resend_verification(
    State(state): State<AppState>,
    user: User,
) -> Result<StatusCode> {
    recovery::resend_verification(&state, user.user_id).await?;
    Ok(StatusCode::ACCEPTED)
}
