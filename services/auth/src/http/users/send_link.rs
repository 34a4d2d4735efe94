use auth_token::Staff;
use auth_token::permissions::ReadUsers;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Json, Path, Problem, Result};
use primitives::UserId;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::AppState;
use crate::http::problems::{BadBody, Limited, Missing, StaffOnly};
use crate::store::one_time_tokens::Purpose;
use crate::workflows::mail_requests;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SendLinkRequest {
    link: Link,
}

/// What the link is for.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Link {
    ResetPassword,
    VerifyEmail,
}

/// Mail a user the link to choose a new password, or to verify their address
///
/// It goes to the address of the account: once within a minute, and as often as anybody may have a mail sent to one address. While several
/// accounts claim the address it is always the link for a new password. Anybody can ask for the same without an account, so it needs no more
/// than to see users.
#[utoipa::path(post, path = "/api/users/{id}/links", tag = "staff", security(("bearer" = [])), params(("id" = UserId, Path)),
    request_body = SendLinkRequest, responses(
    (status = 204),
    (status = 409, body = Problem, content_type = "application/problem+json", description = "`account_disabled` or `already_verified`"),
    StaffOnly, Missing, BadBody, Limited,
))]
pub(crate) async fn send_user_link(
    State(state): State<AppState>,
    staff: Staff<ReadUsers>,
    Path(id): Path<UserId>,
    Json(request): Json<SendLinkRequest>,
) -> Result<StatusCode> {
    let purpose = match request.link {
        Link::ResetPassword => Purpose::ResetPassword,
        Link::VerifyEmail => Purpose::VerifyEmail,
    };
    mail_requests::send_by_staff(&state, &staff.acting(), id, purpose).await?;
    Ok(StatusCode::NO_CONTENT)
}
