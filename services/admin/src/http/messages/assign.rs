use auth_token::permissions::UseInbox;
use auth_token::{Role, Staff};
use axum::extract::State;
use http_kit::{Json, Path, Problem, one_field};
use primitives::{ThreadId, UserId};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{ThreadView, missing, shown_one};
use crate::app::AppState;
use crate::domain::threads::Side;
use crate::read;
use crate::workflows::messages::{self, is_staff};

/// Who looks after a conversation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AssignConversation {
    /// Somebody of the staff; null for nobody.
    assignee_id: Option<UserId>,
}

/// Say who of the staff looks after a conversation
#[utoipa::path(put, path = "/api/messages/{id}/assignee", operation_id = "assignConversation", tag = "messages", params(("id" = ThreadId, Path)),
    request_body = AssignConversation,
    responses((status = 200, body = ThreadView), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem),
        (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    staff: Staff<UseInbox>,
    Path(id): Path<ThreadId>,
    Json(body): Json<AssignConversation>,
) -> http_kit::Result<Json<ThreadView>> {
    // For programs there are no conversations of others.
    if !is_staff(&staff) {
        return Err(missing());
    }
    if let Some(assignee) = body.assignee_id {
        let role = read::users::role(&mut *app.auth_db.acquire().await?, assignee).await?;
        if !role.is_some_and(Role::is_staff) {
            return Err(one_field(
                "assignee_id",
                "unknown",
                "is nobody of the staff",
            ));
        }
    }
    let who = (staff.user_id, &staff.email);
    let thread = messages::assign(&app, who, id, body.assignee_id, None).await?;
    Ok(Json(shown_one(&app, thread, Side::Staff).await?))
}
