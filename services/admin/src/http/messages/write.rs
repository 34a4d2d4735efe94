use auth_token::User;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Error, IdempotentJson, Json, Path, Problem, one_field};
use primitives::{MessageId, Text, ThreadId};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{MessageView, find};
use crate::app::AppState;
use crate::domain::threads::Side;
use crate::store::messages::texts;
use crate::workflows::idempotency::{self, Repeat};
use crate::workflows::messages::{self, Writing};

/// What to say.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WriteMessage {
    #[schema(value_type = String)]
    body: Text<4000>,
    /// Of staff: a note that only staff see.
    internal: Option<bool>,
}

/// Write in a conversation
///
/// It is open again if it was closed. Sixty messages an hour.
#[utoipa::path(post, path = "/api/messages/{id}/messages", operation_id = "writeMessage", tag = "messages", request_body = WriteMessage,
    params(("id" = ThreadId, Path), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repetition of the request harmless")),
    responses((status = 201, body = MessageView), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "`conversation_exists`: a later one about this product is open"),
        (status = 422, body = Problem), (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    User(user): User,
    Path(id): Path<ThreadId>,
    request: IdempotentJson<WriteMessage>,
) -> http_kit::Result<(StatusCode, Json<MessageView>)> {
    let (_, side) = find(&mut *app.pool.acquire().await?, &user, id).await?;
    let internal = request.body.internal.unwrap_or(false);
    if internal && side != Side::Staff {
        return Err(one_field("internal", "not_staff", "is for staff"));
    }
    let repeat = Repeat {
        key: request.key.map(|key| key.as_str().to_owned()),
        hash: request.hash,
    };
    let message = match idempotency::replay(&app, user.user_id, &repeat).await? {
        Some(made) => MessageId::from(made),
        None => {
            let writing = Writing {
                thread: id,
                author: user.user_id,
                email: user.email.clone(),
                side,
                body: request.body.body.as_str(),
                internal,
            };
            messages::write(&app, &writing, &repeat).await?
        }
    };
    let message = texts::find(&mut *app.pool.acquire().await?, message).await?;
    let message = message.ok_or_else(|| Error::not_found("message"))?;
    Ok((
        StatusCode::CREATED,
        Json(MessageView::new(message, user.user_id)),
    ))
}
