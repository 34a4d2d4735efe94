use auth_token::MaybeUser;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Json, Result, one_field};
use primitives::EmailAddress;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::AppState;
use crate::http::problems::{BadBody, Limited, SignedIn};
use crate::store::one_time_tokens::Purpose;
use crate::store::sessions::Device;
use crate::workflows::{mail_requests, recovery};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResendVerificationRequest {
    /// Needed by who is not signed in.
    email: Option<EmailAddress>,
}

/// Send the mail to verify an address again
///
/// Without an address in the body it is that of the signed-in user. The answer does not tell whether there is such an
/// account; nothing is sent if the address is verified.
#[utoipa::path(post, path = "/api/auth/email/resend", tag = "auth", request_body = Option<ResendVerificationRequest>,
    security((), ("bearer" = [])),
    responses((status = 202), SignedIn, BadBody, Limited))]
pub(crate) async fn resend_verification(
    State(state): State<AppState>,
    MaybeUser(user): MaybeUser,
    device: Device,
    request: Option<Json<ResendVerificationRequest>>,
) -> Result<StatusCode> {
    match (request.and_then(|Json(request)| request.email), user) {
        (Some(email), _) => {
            state.limits.mail(&email, device.ip).await?;
            mail_requests::ask(&state, Purpose::VerifyEmail, &email).await?;
        }
        (None, Some(user)) => {
            state.limits.mail(&user.email, device.ip).await?;
            recovery::resend_verification(&state, user.user_id).await?;
        }
        (None, None) => return Err(one_field("email", "required", "is required")),
    }
    Ok(StatusCode::ACCEPTED)
}
