use auth_token::Staff;
use auth_token::permissions::ManageOrders;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{IdempotentJson, Json, Path, Problem};
use primitives::OrderId;
use serde_json::Value;

use super::{CreateShipment, ShipmentView};
use crate::app::AppState;
use crate::workflows;
use crate::workflows::once::Once;

/// Send a parcel (staff)
#[utoipa::path(post, path = "/api/orders/{id}/shipments", operation_id = "createShipment", tag = "shipments", request_body = CreateShipment,
    params(("id" = OrderId, Path), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repetition of the request harmless")),
    responses((status = 201, body = ShipmentView), (status = 409, body = Problem, description = "order_not_shippable"), (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    staff: Staff<ManageOrders>,
    Path(id): Path<OrderId>,
    request: IdempotentJson<CreateShipment>,
) -> http_kit::Result<(StatusCode, Json<Value>)> {
    let staff = staff.acting();
    let (once, body) = Once::of(&staff, request);
    let shipped = workflows::ship::ship(&app, id, body.into(), &staff, &once).await?;
    Ok((StatusCode::CREATED, Json(shipped)))
}
