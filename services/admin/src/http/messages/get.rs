use auth_token::User;
use axum::extract::State;
use http_kit::{Json, Path, Problem};
use primitives::ThreadId;

use super::{ThreadView, find, shown_one};
use crate::app::AppState;

/// A conversation
#[utoipa::path(get, path = "/api/messages/{id}", operation_id = "getConversation", tag = "messages", params(("id" = ThreadId, Path)),
    responses((status = 200, body = ThreadView), (status = 404, body = Problem), (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    User(user): User,
    Path(id): Path<ThreadId>,
) -> http_kit::Result<Json<ThreadView>> {
    let (thread, side) = find(&mut *app.pool.acquire().await?, &user, id).await?;
    Ok(Json(shown_one(&app, thread, side).await?))
}
