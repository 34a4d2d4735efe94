use auth_token::Service;
use auth_token::permissions::ManageOrders;
use axum::extract::State;
use http_kit::{Json, Path};
use primitives::OrderId;

use super::SagaView;
use crate::app::AppState;
use crate::workflows;
use crate::workflows::transition::Actor;

/// Try all that is open for an order again now; ask anew for refunds that failed
#[utoipa::path(post, path = "/internal/sagas/{order_id}/resume", params(("order_id" = OrderId, Path)), responses((status = 200, body = SagaView)))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    service: Service,
    Path(order): Path<OrderId>,
) -> http_kit::Result<Json<SagaView>> {
    let staff = service.acting::<ManageOrders>()?;
    let saga = workflows::saga::resume(&app, order, Actor::Staff(&staff)).await?;
    Ok(Json(saga.into()))
}
