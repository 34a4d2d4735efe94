use axum::extract::State;
use http_kit::{Json, Path, Problem};
use primitives::OrderId;
use serde::Serialize;
use utoipa::ToSchema;

use super::ReturnView;
use crate::app::AppState;
use crate::store;
use crate::workflows::access::{self, Caller};

/// An order's returns, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrderReturns {
    data: Vec<ReturnView>,
}

/// What was asked to be sent back of an order
#[utoipa::path(get, path = "/api/orders/{id}/returns", operation_id = "listOrderReturns", tag = "returns", params(("id" = OrderId, Path)),
    responses((status = 200, body = OrderReturns), (status = "default", body = Problem)),
    security(("bearer" = []), ("order_token" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    caller: Caller,
    Path(id): Path<OrderId>,
) -> http_kit::Result<Json<OrderReturns>> {
    let mut conn = app.pool.acquire().await?;
    let (order, viewer) = access::readable(&mut conn, &caller, id).await?;
    let returns = store::returns::of_order(&mut conn, order.id).await?;
    let data = ReturnView::all(&mut conn, returns, viewer).await?;
    Ok(Json(OrderReturns { data }))
}
