use auth_token::User;
use axum::extract::State;
use http_kit::{Json, Path, Problem};
use primitives::ThreadId;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{ThreadView, find, shown_one};
use crate::app::AppState;
use crate::domain::threads::Status;
use crate::workflows::messages;

/// What to change of a conversation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeConversation {
    /// Users and sellers may set `closed`, staff any. Writing opens it again.
    status: Status,
}

/// Close a conversation
#[utoipa::path(patch, path = "/api/messages/{id}", operation_id = "changeConversation", tag = "messages", params(("id" = ThreadId, Path)),
    request_body = ChangeConversation,
    responses((status = 200, body = ThreadView), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "`conversation_exists`: a later one about this product is open"),
        (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    User(user): User,
    Path(id): Path<ThreadId>,
    Json(body): Json<ChangeConversation>,
) -> http_kit::Result<Json<ThreadView>> {
    let (_, side) = find(&mut *app.pool.acquire().await?, &user, id).await?;
    let who = (user.user_id, &user.email);
    let thread = messages::turn(&app, who, side, id, body.status, None).await?;
    Ok(Json(shown_one(&app, thread, side).await?))
}
