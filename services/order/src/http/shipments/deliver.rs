use auth_token::Staff;
use auth_token::permissions::ManageOrders;
use axum::extract::State;
use http_kit::{Json, Path, Problem};
use primitives::ShipmentId;

use super::ShipmentView;
use crate::app::AppState;
use crate::workflows;
use crate::workflows::transition::Actor;

/// A parcel arrived (staff)
#[utoipa::path(post, path = "/api/shipments/{id}/deliver", operation_id = "deliverShipment", tag = "shipments", params(("id" = ShipmentId, Path)),
    responses((status = 200, body = ShipmentView), (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    staff: Staff<ManageOrders>,
    Path(id): Path<ShipmentId>,
) -> http_kit::Result<Json<ShipmentView>> {
    Ok(Json(
        workflows::deliver::deliver(&app, id, Actor::Staff(&staff.acting()))
            .await?
            .into(),
    ))
}
