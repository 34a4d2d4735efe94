use auth_token::Staff;
use auth_token::permissions::ReadUsers;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use http_kit::{Error, Path, Result, etag};
use primitives::UserId;

use crate::app::AppState;
use crate::domain::user::StaffUserView;
use crate::http::problems::{Missing, StaffOnly};
use crate::store::{deletions, users};

/// Show a user, with the ETag that changes ask for
#[utoipa::path(get, path = "/api/users/{id}", tag = "staff", security(("bearer" = [])), params(("id" = UserId, Path)),
    responses((status = 200, body = StaffUserView), StaffOnly, Missing))]
pub(crate) async fn show_user(
    State(state): State<AppState>,
    _: Staff<ReadUsers>,
    Path(id): Path<UserId>,
) -> Result<Response> {
    let mut conn = state.pool.acquire().await?;
    let user = users::find(&mut conn, id).await?;
    let user = user.ok_or_else(|| Error::not_found("user"))?;
    let leaving = deletions::of_users(&mut conn, &[id]).await?;
    let leaving = leaving.get(&id).copied();
    let version = etag::of_version(user.version);
    let view = StaffUserView::new(user, leaving);
    // Never 304: when the account will be deleted is no part of its version.
    Ok(etag::respond(&HeaderMap::new(), &version, view))
}
