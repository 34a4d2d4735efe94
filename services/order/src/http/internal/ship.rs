use auth_token::Service;
use auth_token::permissions::ManageOrders;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Json, Path};
use primitives::OrderId;

use crate::app::AppState;
use crate::http::shipments::{CreateShipment, ShipmentView};
use crate::workflows;
use crate::workflows::transition::Actor;

/// Send a parcel
#[utoipa::path(post, path = "/internal/orders/{id}/shipments", params(("id" = OrderId, Path)), request_body = CreateShipment,
    responses((status = 201, body = ShipmentView)))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    service: Service,
    Path(id): Path<OrderId>,
    Json(body): Json<CreateShipment>,
) -> http_kit::Result<(StatusCode, Json<ShipmentView>)> {
    let staff = service.acting::<ManageOrders>()?;
    let shipped = workflows::ship::ship(&app, id, body.into(), Actor::Staff(&staff)).await?;
    Ok((StatusCode::CREATED, Json(shipped.into())))
}
