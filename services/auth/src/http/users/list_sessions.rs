use auth_token::Staff;
use auth_token::permissions::ReadUsers;
use axum::extract::State;
use http_kit::{Error, Json, Page, Path, Result};
use primitives::UserId;

use crate::app::AppState;
use crate::http::problems::{Missing, StaffOnly};
use crate::http::sessions::list::{SessionView, of_user};
use crate::store::users;

/// List a user's sessions: from which devices they are signed in, and where those were last seen
#[utoipa::path(get, path = "/api/users/{id}/sessions", tag = "staff", security(("bearer" = [])), params(("id" = UserId, Path)),
    responses((status = 200, body = Page<SessionView>), StaffOnly, Missing))]
pub(crate) async fn list_user_sessions(
    State(state): State<AppState>,
    _: Staff<ReadUsers>,
    Path(id): Path<UserId>,
) -> Result<Json<Page<SessionView>>> {
    let user = users::find(&mut *state.pool.acquire().await?, id).await?;
    user.ok_or_else(|| Error::not_found("user"))?;
    let (_, data) = of_user(&state, id).await?;
    Ok(Json(Page {
        data,
        next_cursor: None,
    }))
}
