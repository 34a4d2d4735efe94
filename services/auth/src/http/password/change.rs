use auth_token::Person;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Json, Result};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::AppState;
use crate::domain::password::{GivenPassword, NewPassword};
use crate::http::problems::{BadBody, Limited, SignedIn};
use crate::store::sessions::Device;
use crate::workflows::recovery;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangePasswordRequest {
    #[schema(value_type = String, format = Password)]
    current_password: GivenPassword,
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 256)]
    new_password: NewPassword,
}

/// Change the password
///
/// Ends all other sessions. A wrong current password is 401 `invalid_credentials`.
#[utoipa::path(post, path = "/api/auth/password/change", tag = "auth", security(("bearer" = [])),
    request_body = ChangePasswordRequest, responses((status = 204), SignedIn, BadBody, Limited))]
pub(crate) async fn change_password(
    State(state): State<AppState>,
    user: Person,
    device: Device,
    Json(request): Json<ChangePasswordRequest>,
) -> Result<StatusCode> {
    let ChangePasswordRequest {
        current_password,
        new_password,
    } = request;
    recovery::change_password(
        &state,
        user.user_id,
        user.session_id,
        &current_password,
        &new_password,
        device.ip,
    )
    .await?;
    Ok(StatusCode::NO_CONTENT)
}
