use auth_token::Person;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Error, Path, Result};
use primitives::SessionId;

use crate::app::AppState;
use crate::http::problems::{Missing, SignedIn};
use crate::store::sessions::{Which, Why};
use crate::workflows::revoke;

/// End one of my sessions
#[utoipa::path(delete, path = "/api/auth/sessions/{id}", tag = "auth", security(("bearer" = [])),
    params(("id" = SessionId, Path)), responses((status = 204), SignedIn, Missing))]
pub(crate) async fn end_session(
    State(state): State<AppState>,
    user: Person,
    Path(id): Path<SessionId>,
) -> Result<StatusCode> {
    match revoke::end_sessions(&state, user.user_id, Which::One(id), Why::Ended).await? {
        0 => Err(Error::not_found("session")),
        _ => Ok(StatusCode::NO_CONTENT),
    }
}
