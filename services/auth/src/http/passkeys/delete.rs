use auth_token::FreshUser;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Path, Result};
use primitives::PasskeyId;

use crate::app::AppState;
use crate::http::problems::{Missing, SignedIn};
use crate::workflows::passkeys;

/// Delete a passkey
#[utoipa::path(delete, path = "/api/auth/passkeys/{id}", tag = "auth", security(("bearer" = [])),
    params(("id" = PasskeyId, Path)), responses((status = 204), SignedIn, Missing))]
pub(crate) async fn delete_passkey(
    State(state): State<AppState>,
    user: FreshUser,
    Path(id): Path<PasskeyId>,
) -> Result<StatusCode> {
    passkeys::remove(&state, user.user_id, user.session_id, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
