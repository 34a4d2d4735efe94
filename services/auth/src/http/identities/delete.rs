use auth_token::FreshUser;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Path, Problem, Result};
use primitives::IdentityId;

use crate::app::AppState;
use crate::http::problems::{Missing, SignedIn};
use crate::workflows::identities;

/// Keep an identity provider from signing me in
#[utoipa::path(delete, path = "/api/users/me/identities/{id}", tag = "users", security(("bearer" = [])),
    params(("id" = IdentityId, Path)), responses(
    (status = 204),
    (status = 409, body = Problem, content_type = "application/problem+json", description = "`last_sign_in_method`"),
    SignedIn, Missing,
))]
pub(crate) async fn delete_identity(
    State(state): State<AppState>,
    user: FreshUser,
    Path(id): Path<IdentityId>,
) -> Result<StatusCode> {
    identities::remove(&state, user.user_id, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
