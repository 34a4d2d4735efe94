use auth_token::User;
use axum::extract::State;
use http_kit::{Json, Page, PageQuery, Path, Problem, Query};
use primitives::ThreadId;

use super::{MessageView, find};
use crate::app::AppState;
use crate::domain::threads::Side;
use crate::store::messages::texts;

/// What was written in a conversation, newest first
#[utoipa::path(get, path = "/api/messages/{id}/messages", operation_id = "listMessages", tag = "messages",
    params(("id" = ThreadId, Path), PageQuery),
    responses((status = 200, body = Page<MessageView>), (status = 404, body = Problem), (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    User(user): User,
    Path(id): Path<ThreadId>,
    Query(query): Query<PageQuery>,
) -> http_kit::Result<Json<Page<MessageView>>> {
    let before = query.after()?;
    let mut db = app.pool.acquire().await?;
    let (thread, side) = find(&mut db, &user, id).await?;
    let notes = side == Side::Staff;
    let messages = texts::list(&mut db, thread.id, notes, before, query.limit().fetch()).await?;
    let page = Page::cut(messages, query.limit(), |message| message.seq)?;
    Ok(Json(
        page.map(|message| MessageView::new(message, user.user_id)),
    ))
}
