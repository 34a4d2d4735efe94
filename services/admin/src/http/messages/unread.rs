use auth_token::User;
use axum::extract::State;
use http_kit::{Json, Problem};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::AppState;
use crate::store::messages::lists;

/// How much there is to read.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Unread {
    /// Messages, in conversations that you began and in those about what you sell.
    unread: i64,
}

/// Count the messages that you have not read
#[utoipa::path(get, path = "/api/messages/unread", operation_id = "countUnreadMessages", tag = "messages",
    responses((status = 200, body = Unread), (status = "default", body = Problem)), security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    User(user): User,
) -> http_kit::Result<Json<Unread>> {
    let unread = lists::unread(&mut *app.pool.acquire().await?, user.user_id).await?;
    Ok(Json(Unread { unread }))
}
