use axum::extract::State;
use http_kit::{Json, Path, Problem, one_field};
use primitives::{OrderId, Text};
use serde::Deserialize;
use utoipa::ToSchema;

use super::whole::WholeOrder;
use crate::app::AppState;
use crate::workflows;
use crate::workflows::access::{self, Caller};
use crate::workflows::transition::Actor;

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CancelOrder {
    #[schema(value_type = Option<String>)]
    pub(crate) reason: Option<Text<500>>,
    /// Whether what the order took is for sale again: yes, unless staff say no because the goods are gone or broken.
    pub(crate) restock: Option<bool>,
}

/// Cancel an order; what was paid goes back
#[utoipa::path(put, path = "/api/orders/{id}/cancel", operation_id = "cancelOrder", tag = "orders", params(("id" = OrderId, Path)),
    request_body = Option<CancelOrder>,
    responses((status = 200, body = WholeOrder), (status = 409, body = Problem, description = "order_not_cancellable"), (status = "default", body = Problem)),
    security(("bearer" = []), ("order_token" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    caller: Caller,
    Path(id): Path<OrderId>,
    body: Option<Json<CancelOrder>>,
) -> http_kit::Result<Json<WholeOrder>> {
    let mut conn = app.pool.acquire().await?;
    let (_, actor) = access::changeable(&mut conn, &caller, id).await?;
    drop(conn);
    let CancelOrder { reason, restock } = body.unwrap_or_default().0;
    if restock.is_some() && !matches!(actor, Actor::Staff(_)) {
        return Err(one_field("restock", "forbidden", "is for staff to say"));
    }
    let reason = reason.as_ref().map(Text::as_str);
    let order = workflows::cancel::cancel(&app, id, actor, reason, restock, Ok(())).await?;
    let mut conn = app.pool.acquire().await?;
    Ok(Json(WholeOrder::load(&mut conn, &order, actor).await?))
}
