use auth_token::FreshUser;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Json, Result};
use primitives::EmailAddress;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::AppState;
use crate::http::problems::{BadBody, Fresh, Limited};
use crate::store::sessions::Device;
use crate::workflows::email_change;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeEmailRequest {
    new_email: EmailAddress,
}

/// Ask to change the address
///
/// Mails a link to the new address, and one to the old address if that is verified. The address changes when both were opened,
/// within a day. The answer does not tell whether the new address has an account. Changing or resetting the password cancels
/// it.
#[utoipa::path(post, path = "/api/auth/email/change", tag = "auth", security(("bearer" = [])),
    request_body = ChangeEmailRequest, responses((status = 202), Fresh, BadBody, Limited))]
pub(crate) async fn change_email(
    State(state): State<AppState>,
    user: FreshUser,
    device: Device,
    Json(request): Json<ChangeEmailRequest>,
) -> Result<StatusCode> {
    state.limits.mail(&request.new_email, device.ip).await?;
    email_change::ask(&state, user.user_id, &request.new_email).await?;
    Ok(StatusCode::ACCEPTED)
}
