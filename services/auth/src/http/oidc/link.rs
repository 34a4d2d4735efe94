use auth_token::FreshUser;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Json, Problem, Result};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::AppState;
use crate::http::problems::{BadBody, SignedIn};
use crate::workflows::federation;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LinkRequest {
    /// From `link_required`. Good once, for ten minutes.
    link_token: String,
}

/// Agree that an identity provider may sign me in
///
/// Needs a fresh sign-in to the account that has the address. A link that is not good is 422 `invalid_link_token`.
#[utoipa::path(post, path = "/api/auth/oidc/link", tag = "auth", security(("bearer" = [])), request_body = LinkRequest, responses(
    (status = 204),
    (status = 409, body = Problem, content_type = "application/problem+json", description = "`already_linked`"),
    SignedIn, BadBody,
))]
pub(crate) async fn link_identity(
    State(state): State<AppState>,
    user: FreshUser,
    Json(request): Json<LinkRequest>,
) -> Result<StatusCode> {
    federation::link(&state, user.user_id, &request.link_token).await?;
    Ok(StatusCode::NO_CONTENT)
}
