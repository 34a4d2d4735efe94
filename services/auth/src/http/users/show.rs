use auth_token::Staff;
use auth_token::permissions::ReadUsers;
use axum::extract::State;
use http_kit::{Error, Json, Path, Result};
use primitives::UserId;

use crate::app::AppState;
use crate::domain::user::StaffUserView;
use crate::http::problems::{Missing, StaffOnly};
use crate::store::users;

/// Show a user
#[utoipa::path(get, path = "/api/users/{id}", tag = "staff", security(("bearer" = [])), params(("id" = UserId, Path)),
    responses((status = 200, body = StaffUserView), StaffOnly, Missing))]
pub(crate) async fn show_user(
    State(state): State<AppState>,
    _: Staff<ReadUsers>,
    Path(id): Path<UserId>,
) -> Result<Json<StaffUserView>> {
    let user = users::find(&mut *state.pool.acquire().await?, id).await?;
    let user = user.ok_or_else(|| Error::not_found("user"))?;
    Ok(Json(user.into()))
}
