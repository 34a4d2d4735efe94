use auth_token::Person;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::Result;

use crate::app::AppState;
use crate::http::problems::SignedIn;
use crate::store::sessions::{Which, Why};
use crate::workflows::revoke;

/// Sign out
///
/// Ends this session: its access token is refused everywhere within a second, and its refresh token is worthless.
#[utoipa::path(post, path = "/api/auth/logout", tag = "auth", security(("bearer" = [])), responses((status = 204), SignedIn))]
pub(crate) async fn logout(State(state): State<AppState>, user: Person) -> Result<StatusCode> {
    revoke::end_sessions(
        &state,
        user.user_id,
        Which::One(user.session_id),
        Why::Logout,
    )
    .await?;
    Ok(StatusCode::NO_CONTENT)
}
