use auth_token::Service;
use axum::extract::State;
use contracts::internal::users::{UserLookupRequest, UserLookupResponse};
use http_kit::{Json, Result, one_field};

use crate::app::AppState;
use crate::domain::user::User;
use crate::store::{deletions, users};

/// Users by id
#[utoipa::path(post, path = "/internal/users/lookup", request_body = UserLookupRequest, responses((status = 200, body = UserLookupResponse)))]
pub(crate) async fn lookup_users(
    State(state): State<AppState>,
    _: Service,
    Json(request): Json<UserLookupRequest>,
) -> Result<Json<UserLookupResponse>> {
    if request.ids.len() > 100 {
        return Err(one_field("ids", "invalid", "must be at most 100"));
    }
    let mut db = state.pool.acquire().await?;
    let found = users::find_many(&mut db, &request.ids).await?;
    let leaving = deletions::scheduled_among(&mut db, &request.ids).await?;
    let mut users: Vec<_> = found.iter().map(User::snapshot).collect();
    for user in &mut users {
        user.closed |= leaving.contains(&user.id);
    }
    Ok(Json(UserLookupResponse { users }))
}
