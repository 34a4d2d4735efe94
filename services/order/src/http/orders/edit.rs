use auth_token::Staff;
use auth_token::permissions::ManageOrders;
use axum::extract::State;
use http_kit::{IfMatch, Json, Path, Problem};
use primitives::OrderId;
use primitives::postal::AddressForm;
use serde::Deserialize;
use utoipa::ToSchema;

use super::whole::WholeOrder;
use crate::app::AppState;
use crate::domain::address::Address;
use crate::workflows;
use crate::workflows::transition::Actor;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EditOrder {
    pub(crate) shipping_address: AddressForm,
}

/// Correct the shipping address before the order is shipped (staff); `If-Match` must name the version that was read
#[utoipa::path(patch, path = "/api/orders/{id}", operation_id = "editOrder", tag = "orders", request_body = EditOrder,
    params(("id" = OrderId, Path), ("If-Match" = String, Header)),
    responses((status = 200, body = WholeOrder), (status = 409, body = Problem, description = "address_fixed"),
        (status = 412, body = Problem), (status = 428, body = Problem), (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    staff: Staff<ManageOrders>,
    Path(id): Path<OrderId>,
    expected: IfMatch,
    Json(body): Json<EditOrder>,
) -> http_kit::Result<Json<WholeOrder>> {
    let staff = staff.acting();
    let actor = Actor::Staff(&staff);
    let address = Address::from(body.shipping_address);
    let order = workflows::edit::shipping_address(&app, id, expected, address, actor).await?;
    let mut conn = app.pool.acquire().await?;
    Ok(Json(WholeOrder::load(&mut conn, &order, actor).await?))
}
