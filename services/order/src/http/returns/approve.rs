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

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApproveReturn {
    /// For the customer, in the mail: where the label is, say.
    #[schema(value_type = Option<String>)]
    answer: Option<Text<1000>>,
}

/// Let a customer send things back (staff)
#[utoipa::path(post, path = "/api/returns/{id}/approve", operation_id = "approveReturn", tag = "returns", params(("id" = ReturnId, Path)),
    request_body = Option<ApproveReturn>,
    responses((status = 200, body = ReturnView), (status = 409, body = Problem, description = "return_step_not_allowed"),
        (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    staff: Staff<ManageOrders>,
    Path(id): Path<ReturnId>,
    body: Option<Json<ApproveReturn>>,
) -> http_kit::Result<Json<ReturnView>> {
    let staff = staff.acting();
    act(&app, id, body.unwrap_or_default().0, Actor::Staff(&staff)).await
}

/// What both paths to it do.
pub(crate) async fn act(
    app: &AppState,
    id: ReturnId,
    body: ApproveReturn,
    actor: Actor<'_>,
) -> http_kit::Result<Json<ReturnView>> {
    let answer = body.answer.as_ref().map(Text::as_str);
    workflows::returns::approve(app, id, answer, actor).await?;
    ReturnView::answer(app, id, actor).await
}
