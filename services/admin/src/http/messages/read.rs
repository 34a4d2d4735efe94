use auth_token::User;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Path, Problem};
use primitives::ThreadId;

use super::find;
use crate::app::AppState;
use crate::store::messages::threads;

/// Say that your side has read a conversation
#[utoipa::path(post, path = "/api/messages/{id}/read", operation_id = "readConversation", tag = "messages", params(("id" = ThreadId, Path)),
    responses((status = 204), (status = 404, body = Problem), (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    User(user): User,
    Path(id): Path<ThreadId>,
) -> http_kit::Result<StatusCode> {
    let mut db = app.pool.acquire().await?;
    let (thread, side) = find(&mut db, &user, id).await?;
    threads::read(&mut db, &thread, side).await?;
    Ok(StatusCode::NO_CONTENT)
}
