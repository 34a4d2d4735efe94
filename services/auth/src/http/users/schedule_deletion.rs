use auth_token::Staff;
use auth_token::permissions::ManageUsers;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{IfMatch, Json, Path, Problem, Result};
use primitives::UserId;

use crate::app::AppState;
use crate::http::me::delete::DeleteMeResponse;
use crate::http::problems::{Missing, StaffOnly};
use crate::workflows::deletion;

/// Have a user's account deleted, because they asked for it
///
/// As if they had asked themselves: it is shut at once and deleted at `deletes_at`, and they get a mail. Signing in before then keeps it.
#[utoipa::path(post, path = "/api/users/{id}/deletion", tag = "staff", security(("bearer" = [])),
    params(("id" = UserId, Path), ("If-Match" = Option<String>, Header, description = "The ETag that was read")), responses(
    (status = 202, body = DeleteMeResponse),
    (status = 409, body = Problem, content_type = "application/problem+json", description = "`cannot_change_self` or `last_admin`"),
    (status = 412, body = Problem, content_type = "application/problem+json", description = "`stale_version`"),
    StaffOnly, Missing,
))]
pub(crate) async fn schedule_user_deletion(
    State(state): State<AppState>,
    staff: Staff<ManageUsers>,
    Path(id): Path<UserId>,
    expected: IfMatch,
) -> Result<(StatusCode, Json<DeleteMeResponse>)> {
    let deletes_at = deletion::request_by_staff(&state, &staff.acting(), id, expected).await?;
    Ok((StatusCode::ACCEPTED, Json(DeleteMeResponse { deletes_at })))
}
