use auth_token::Staff;
use auth_token::permissions::ManageOrders;
use axum::extract::State;
use http_kit::{Json, Path, Problem};
use primitives::{OrderItemId, Quantity, ReturnId};
use serde::Deserialize;
use utoipa::ToSchema;

use super::ReturnView;
use crate::app::AppState;
use crate::domain::returns::Condition;
use crate::store::returns::Received;
use crate::workflows;
use crate::workflows::transition::Actor;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReceiveReturn {
    /// What came; each line once.
    #[schema(min_items = 1)]
    items: Vec<ReceivedPart>,
}

/// Units of a line that came.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReceivedPart {
    order_item_id: OrderItemId,
    quantity: Quantity,
    condition: Condition,
    /// Whether they are for sale again.
    restock: bool,
}

/// What a customer sent back is there (staff)
#[utoipa::path(post, path = "/api/returns/{id}/receive", operation_id = "receiveReturn", tag = "returns", params(("id" = ReturnId, Path)),
    request_body = ReceiveReturn,
    responses((status = 200, body = ReturnView), (status = 409, body = Problem, description = "return_step_not_allowed"),
        (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    staff: Staff<ManageOrders>,
    Path(id): Path<ReturnId>,
    Json(body): Json<ReceiveReturn>,
) -> http_kit::Result<Json<ReturnView>> {
    let staff = staff.acting();
    act(&app, id, body, Actor::Staff(&staff)).await
}

/// What both paths to it do.
pub(crate) async fn act(
    app: &AppState,
    id: ReturnId,
    body: ReceiveReturn,
    actor: Actor<'_>,
) -> http_kit::Result<Json<ReturnView>> {
    let line = |part: ReceivedPart| Received {
        item: part.order_item_id,
        quantity: part.quantity.get(),
        condition: part.condition,
        restock: part.restock,
    };
    let lines: Vec<Received> = body.items.into_iter().map(line).collect();
    workflows::returns::receive::receive(app, id, &lines, actor).await?;
    ReturnView::answer(app, id, actor).await
}
