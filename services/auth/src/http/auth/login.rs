use axum::extract::State;
use http_kit::{Json, Problem, Result};
use primitives::EmailAddress;
use serde::Deserialize;
use utoipa::ToSchema;

use super::LoginAnswer;
use crate::app::AppState;
use crate::domain::password::GivenPassword;
use crate::http::problems::{BadBody, Limited};
use crate::store::sessions::Device;
use crate::workflows::sign_in;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LoginRequest {
    email: EmailAddress,
    #[schema(value_type = String, format = Password)]
    password: GivenPassword,
}

/// Sign in
///
/// A user with a second factor gets no tokens yet but an `mfa_token`: `POST /api/auth/mfa/verify` goes on.
#[utoipa::path(post, path = "/api/auth/login", tag = "auth", request_body = LoginRequest, responses(
    (status = 200, body = LoginAnswer),
    (status = 401, body = Problem, content_type = "application/problem+json", description = "`invalid_credentials`"),
    (status = 403, body = Problem, content_type = "application/problem+json", description = "`account_disabled`"),
    BadBody,
    Limited,
))]
pub(crate) async fn login(
    State(state): State<AppState>,
    device: Device,
    Json(request): Json<LoginRequest>,
) -> Result<Json<LoginAnswer>> {
    Ok(Json(
        sign_in::login(&state, &request.email, &request.password, &device)
            .await?
            .into(),
    ))
}
