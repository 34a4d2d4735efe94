use axum::extract::State;
use http_kit::{Json, Problem, Result};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::AppState;
use crate::http::auth::LoginAnswer;
use crate::http::problems::BadBody;
use crate::store::sessions::Device;
use crate::workflows::federation;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignInCodeRequest {
    /// From the page's query. Good once, for a minute.
    sign_in_code: String,
}

/// Fetch the tokens of a sign-in by an identity provider
#[utoipa::path(post, path = "/api/auth/oidc/token", tag = "auth", request_body = SignInCodeRequest, responses(
    (status = 200, body = LoginAnswer),
    (status = 401, body = Problem, content_type = "application/problem+json", description = "`invalid_sign_in_code`"),
    BadBody,
))]
pub(crate) async fn redeem_sign_in_code(
    State(state): State<AppState>,
    device: Device,
    Json(request): Json<SignInCodeRequest>,
) -> Result<Json<LoginAnswer>> {
    Ok(Json(
        federation::redeem_code(&state, &request.sign_in_code, &device)
            .await?
            .into(),
    ))
}
