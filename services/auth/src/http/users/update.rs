use auth_token::permissions::ManageUsers;
use auth_token::{Role, Staff};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use http_kit::{IfMatch, Json, Path, Problem, Result, etag, one_field};
use primitives::UserId;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::AppState;
use crate::domain::user::StaffUserView;
use crate::http::problems::{BadBody, Missing, StaffOnly};
use crate::store::deletions;
use crate::workflows::manage::{self, Change, Reason};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateUserRequest {
    role: Option<Role>,
    /// Shuts the account and ends its sessions, or opens it again.
    disabled: Option<bool>,
    /// Why, for other staff: shown with the account while it is shut, and kept in the audit log. Of an account that is shut already
    /// it takes the place of the former reason.
    #[schema(value_type = Option<String>, max_length = 500)]
    reason: Option<Reason>,
}

/// Change a user's role, or shut the account
///
/// With `If-Match` only if nobody changed the user since they were read.
#[utoipa::path(patch, path = "/api/users/{id}", tag = "staff", security(("bearer" = [])), params(("id" = UserId, Path), ("If-Match" = Option<String>, Header, description = "The ETag that was read")),
    request_body = UpdateUserRequest, responses(
    (status = 200, body = StaffUserView),
    (status = 409, body = Problem, content_type = "application/problem+json", description = "`cannot_change_self` or `last_admin`"),
    (status = 412, body = Problem, content_type = "application/problem+json", description = "`stale_version`: somebody changed them meanwhile"),
    StaffOnly, Missing, BadBody,
))]
pub(crate) async fn update_user(
    State(state): State<AppState>,
    staff: Staff<ManageUsers>,
    Path(id): Path<UserId>,
    expected: IfMatch,
    Json(request): Json<UpdateUserRequest>,
) -> Result<Response> {
    if request.reason.is_some() && request.role.is_none() && request.disabled.is_none() {
        return Err(one_field(
            "reason",
            "invalid",
            "needs the change that it is the reason of: role or disabled",
        ));
    }
    let change = Change {
        role: request.role,
        disabled: request.disabled,
        reason: request.reason,
    };
    let user = manage::change(&state, &staff.acting(), id, expected, change).await?;
    let version = etag::of_version(user.version);
    let leaving = deletions::of_users(&mut *state.pool.acquire().await?, &[id]).await?;
    let view = StaffUserView::new(user, leaving.get(&id).copied());
    Ok(etag::respond(&HeaderMap::new(), &version, view))
}
