use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Json, Problem, Result};
use primitives::EmailAddress;
use serde::Deserialize;
use utoipa::ToSchema;

use super::SignedInUser;
use crate::app::AppState;
use crate::domain::password::NewPassword;
use crate::domain::user::Name;
use crate::http::problems::{BadBody, Limited};
use crate::store::sessions::Device;
use crate::workflows;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RegisterRequest {
    email: EmailAddress,
    /// At least 8 characters, and not easy to guess: else `errors` has the code `weak_password` and advice.
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 256)]
    password: NewPassword,
    #[schema(value_type = String, max_length = 100)]
    name: Name,
}

/// Open an account
///
/// Signs in at once, and sends a mail to verify the address. The answer does not tell whether the address has an account
/// already: if so, its owner is told by mail. The address belongs to whoever verifies it first.
#[utoipa::path(post, path = "/api/auth/register", tag = "auth", request_body = RegisterRequest, responses(
    (status = 201, body = SignedInUser),
    (status = 429, body = Problem, content_type = "application/problem+json", description = "`rate_limited`"),
    BadBody,
    Limited,
))]
pub(crate) async fn register(
    State(state): State<AppState>,
    device: Device,
    Json(request): Json<RegisterRequest>,
) -> Result<(StatusCode, Json<SignedInUser>)> {
    let RegisterRequest {
        email,
        password,
        name,
    } = request;
    let signed_in = workflows::register::register(&state, email, &password, &name, &device).await?;
    Ok((StatusCode::CREATED, Json(signed_in.into())))
}
