use auth_token::Person;
use axum::extract::State;
use http_kit::{Error, Json, Problem, Result, one_field};
use serde::Deserialize;
use utoipa::ToSchema;

use super::refresh::RefreshResponse;
use crate::app::AppState;
use crate::domain::code::Code;
use crate::domain::password::GivenPassword;
use crate::http::problems::BadBody;
use crate::store::sessions::Device;
use crate::workflows::step_up::{self, Evidence};

/// Exactly one of both.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReauthenticateRequest {
    /// Of a user without a second factor.
    #[schema(value_type = Option<String>, format = Password)]
    pub(crate) password: Option<GivenPassword>,
    /// Of the authenticator app, or a recovery code.
    #[schema(value_type = Option<String>, example = "123456")]
    pub(crate) code: Option<Code>,
}

impl TryFrom<ReauthenticateRequest> for Evidence {
    type Error = Error;
    fn try_from(request: ReauthenticateRequest) -> Result<Self> {
        match (request.password, request.code) {
            (Some(password), None) => Ok(Self::Password(password)),
            (None, Some(code)) => Ok(Self::Code(code)),
            (None, None) => Err(one_field("password", "required", "is required, or a code")),
            (Some(_), Some(_)) => Err(one_field(
                "code",
                "invalid",
                "must not come with a password",
            )),
        }
    }
}

/// Prove again who you are
///
/// For what answers 401 `insufficient_user_authentication`. The new tokens belong to the same session, and the refresh token
/// from before is used up, as by `POST /api/auth/refresh`.
#[utoipa::path(post, path = "/api/auth/reauthenticate", tag = "auth", security(("bearer" = [])), request_body = ReauthenticateRequest, responses(
    (status = 200, body = RefreshResponse),
    (status = 401, body = Problem, content_type = "application/problem+json", description = "`invalid_credentials`; or `unauthenticated`, `token_expired`, `token_revoked`"),
    (status = 409, body = Problem, content_type = "application/problem+json", description = "`code_required`: a user with a second factor must use it"),
    (status = 429, body = Problem, content_type = "application/problem+json", description = "`rate_limited`"),
    BadBody,
))]
pub(crate) async fn reauthenticate(
    State(state): State<AppState>,
    user: Person,
    device: Device,
    Json(request): Json<ReauthenticateRequest>,
) -> Result<Json<RefreshResponse>> {
    let evidence = request.try_into()?;
    let tokens =
        step_up::reauthenticate(&state, user.user_id, user.session_id, &evidence, device.ip)
            .await?;
    Ok(Json(RefreshResponse { tokens }))
}
