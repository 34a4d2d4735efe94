use auth_token::Service;
use auth_token::permissions::ManageOrders;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{IdempotentJson, Json, Path};
use primitives::OrderId;
use serde_json::Value;

use crate::app::AppState;
use crate::http::shipments::{CreateShipment, ShipmentView};
use crate::workflows;
use crate::workflows::once::Once;

/// Send a parcel
#[utoipa::path(post, path = "/internal/orders/{id}/shipments", params(("id" = OrderId, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = CreateShipment, responses((status = 201, body = ShipmentView)))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    service: Service,
    Path(id): Path<OrderId>,
    request: IdempotentJson<CreateShipment>,
) -> http_kit::Result<(StatusCode, Json<Value>)> {
    let staff = service.acting::<ManageOrders>()?;
    let (once, body) = Once::of(&staff, request);
    let shipped = workflows::ship::ship(&app, id, body.into(), &staff, &once).await?;
    Ok((StatusCode::CREATED, Json(shipped)))
}
