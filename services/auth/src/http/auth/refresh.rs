use axum::extract::State;
use http_kit::{Json, Problem, Result};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::AppState;
use crate::http::problems::BadBody;
use crate::store::sessions::Device;
use crate::workflows;
use crate::workflows::sign_in::Tokens;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefreshRequest {
    refresh_token: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct RefreshResponse {
    pub(crate) tokens: Tokens,
}

/// Exchange a refresh token
///
/// The token given is used up. Using it again ends the session, because then two have it.
#[utoipa::path(post, path = "/api/auth/refresh", tag = "auth", request_body = RefreshRequest, responses(
    (status = 200, body = RefreshResponse),
    (status = 401, body = Problem, content_type = "application/problem+json", description = "`refresh_token_reused` or `invalid_refresh_token`"),
    BadBody,
))]
pub(crate) async fn refresh(
    State(state): State<AppState>,
    device: Device,
    Json(request): Json<RefreshRequest>,
) -> Result<Json<RefreshResponse>> {
    Ok(Json(RefreshResponse {
        tokens: workflows::refresh::refresh(&state, &request.refresh_token, device.ip).await?,
    }))
}
