use auth_token::Service;
use auth_token::permissions::ManageOrders;
use axum::extract::State;
use http_kit::{Json, Path};
use primitives::ShipmentId;

use crate::app::AppState;
use crate::http::shipments::ShipmentView;
use crate::workflows;
use crate::workflows::transition::Actor;

/// A parcel arrived
#[utoipa::path(post, path = "/internal/shipments/{id}/deliver", params(("id" = ShipmentId, Path)), responses((status = 200, body = ShipmentView)))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    service: Service,
    Path(id): Path<ShipmentId>,
) -> http_kit::Result<Json<ShipmentView>> {
    let staff = service.acting::<ManageOrders>()?;
    Ok(Json(
        workflows::deliver::deliver(&app, id, Actor::Staff(&staff))
            .await?
            .into(),
    ))
}
