pub(crate) mod approve_change;
pub(crate) mod change;
pub(crate) mod confirm_change;
pub(crate) mod resend;
pub(crate) mod verify;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use http_kit::Json;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::store::email_changes::Link;

/// One of the two links of a change of address.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EmailChangeLinkRequest {
    /// From the link in the mail.
    token: String,
}

/// What a change of address still waits for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EmailChangeWaiting {
    /// Whose link has to be opened too: `old_address` or `new_address`.
    #[schema(example = "old_address")]
    waiting_for: &'static str,
}

/// 204 when the address has changed, 202 while the other link is missing.
fn followed(missing: Option<Link>) -> Response {
    let waiting_for = match missing {
        None => return StatusCode::NO_CONTENT.into_response(),
        Some(Link::Approve) => "old_address",
        Some(Link::Confirm) => "new_address",
    };
    (
        StatusCode::ACCEPTED,
        Json(EmailChangeWaiting { waiting_for }),
    )
        .into_response()
}
