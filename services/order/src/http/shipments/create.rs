use auth_token::Staff;
use auth_token::permissions::ManageOrders;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Json, Path, Problem};
use primitives::OrderId;

use super::{CreateShipment, ShipmentView};
use crate::app::AppState;
use crate::workflows;
use crate::workflows::transition::Actor;

/// Send a parcel (staff)
#[utoipa::path(post, path = "/api/orders/{id}/shipments", operation_id = "createShipment", tag = "shipments", params(("id" = OrderId, Path)),
    request_body = CreateShipment,
    responses((status = 201, body = ShipmentView), (status = 409, body = Problem, description = "order_not_shippable"), (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    staff: Staff<ManageOrders>,
    Path(id): Path<OrderId>,
    Json(body): Json<CreateShipment>,
) -> http_kit::Result<(StatusCode, Json<ShipmentView>)> {
    let shipped =
        workflows::ship::ship(&app, id, body.into(), Actor::Staff(&staff.acting())).await?;
    Ok((StatusCode::CREATED, Json(shipped.into())))
}
