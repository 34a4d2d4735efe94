use axum::extract::State;
use axum::response::Response;
use http_kit::{Json, Result};

use super::{EmailChangeLinkRequest, EmailChangeWaiting, followed};
use crate::app::AppState;
use crate::http::problems::BadBody;
use crate::store::email_changes::Link;
use crate::workflows::email_change;

/// Confirm a change of address by the token of the mail to the new one
///
/// Access tokens from before the change are refused then; sessions go on. A token that is not good is 422 `invalid_token`.
#[utoipa::path(post, path = "/api/auth/email/change/confirm", tag = "auth", request_body = EmailChangeLinkRequest, responses(
    (status = 202, body = EmailChangeWaiting, description = "The link to the old address has to be opened too"),
    (status = 204, description = "The address has changed"),
    BadBody,
))]
pub(crate) async fn confirm_email_change(
    State(state): State<AppState>,
    Json(request): Json<EmailChangeLinkRequest>,
) -> Result<Response> {
    let missing = email_change::follow(&state, Link::Confirm, &request.token).await?;
    Ok(followed(missing))
}
