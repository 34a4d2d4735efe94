use auth_token::Person;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::Result;

use crate::app::AppState;
use crate::http::problems::SignedIn;
use crate::store::sessions::{Which, Why};
use crate::workflows::revoke;

/// Sign out everywhere
#[utoipa::path(post, path = "/api/auth/logout-all", tag = "auth", security(("bearer" = [])), responses((status = 204), SignedIn))]
pub(crate) async fn logout_all(State(state): State<AppState>, user: Person) -> Result<StatusCode> {
    revoke::end_sessions(&state, user.user_id, Which::All, Why::LogoutAll).await?;
    Ok(StatusCode::NO_CONTENT)
}
