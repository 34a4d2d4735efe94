use auth_token::permissions::ManageUsers;
use auth_token::{Role, Staff};
use axum::extract::State;
use http_kit::{Json, Path, Problem, Result};
use primitives::UserId;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::AppState;
use crate::domain::user::StaffUserView;
use crate::http::problems::{BadBody, Missing, StaffOnly};
use crate::store::deletions;
use crate::workflows::manage::{self, Change};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UpdateUserRequest {
    role: Option<Role>,
    /// Shuts the account and ends its sessions, or opens it again.
    disabled: Option<bool>,
}

/// Change a user's role, or shut the account
#[utoipa::path(patch, path = "/api/users/{id}", tag = "staff", security(("bearer" = [])), params(("id" = UserId, Path)),
    request_body = UpdateUserRequest, responses(
    (status = 200, body = StaffUserView),
    (status = 409, body = Problem, content_type = "application/problem+json", description = "`cannot_change_self` or `last_admin`"),
    StaffOnly, Missing, BadBody,
))]
pub(crate) async fn update_user(
    State(state): State<AppState>,
    staff: Staff<ManageUsers>,
    Path(id): Path<UserId>,
    Json(request): Json<UpdateUserRequest>,
) -> Result<Json<StaffUserView>> {
    let change = Change {
        role: request.role,
        disabled: request.disabled,
    };
    let user = manage::change(&state, &staff.acting(), id, change).await?;
    let leaving = deletions::of_users(&mut *state.pool.acquire().await?, &[id]).await?;
    Ok(Json(StaffUserView::new(user, leaving.get(&id).copied())))
}
