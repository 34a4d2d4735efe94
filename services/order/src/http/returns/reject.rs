use auth_token::Staff;
use auth_token::permissions::ManageOrders;
use axum::extract::State;
use http_kit::{Json, Path, Problem};
use primitives::{ReturnId, Text};
use serde::Deserialize;
use utoipa::ToSchema;

use super::ReturnView;
use crate::app::AppState;
use crate::workflows;
use crate::workflows::transition::Actor;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RejectReturn {
    /// Why, for the customer, in the mail.
    #[schema(value_type = String)]
    answer: Text<1000>,
}

/// Refuse to take things back (staff)
#[utoipa::path(post, path = "/api/returns/{id}/reject", operation_id = "rejectReturn", tag = "returns", params(("id" = ReturnId, Path)),
    request_body = RejectReturn,
    responses((status = 200, body = ReturnView), (status = 409, body = Problem, description = "return_step_not_allowed"),
        (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    staff: Staff<ManageOrders>,
    Path(id): Path<ReturnId>,
    Json(body): Json<RejectReturn>,
) -> http_kit::Result<Json<ReturnView>> {
    let staff = staff.acting();
    act(&app, id, body, Actor::Staff(&staff)).await
}

/// What both paths to it do.
pub(crate) async fn act(
    app: &AppState,
    id: ReturnId,
    body: RejectReturn,
    actor: Actor<'_>,
) -> http_kit::Result<Json<ReturnView>> {
    workflows::returns::reject(app, id, body.answer.as_str(), actor).await?;
    ReturnView::answer(app, id, actor).await
}
