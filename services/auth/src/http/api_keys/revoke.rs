use auth_token::Person;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Error, Path, Result};
use primitives::SessionId;

use crate::app::AppState;
use crate::http::problems::{Missing, SignedIn};
use crate::workflows::api_keys;

/// Revoke an API key
///
/// It is refused everywhere within a second.
#[utoipa::path(delete, path = "/api/users/me/api-keys/{id}", tag = "users", security(("bearer" = [])),
    params(("id" = SessionId, Path)), responses((status = 204), SignedIn, Missing))]
pub(crate) async fn revoke_api_key(
    State(state): State<AppState>,
    user: Person,
    Path(id): Path<SessionId>,
) -> Result<StatusCode> {
    if api_keys::revoke(&state, user.user_id, id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Error::not_found("API key"))
    }
}
