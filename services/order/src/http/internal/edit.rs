use auth_token::Service;
use auth_token::permissions::ManageOrders;
use axum::extract::State;
use http_kit::{IfMatch, Json, Path};
use primitives::OrderId;

use crate::app::AppState;
use crate::domain::address::Address;
use crate::http::orders::edit::EditOrder;
use crate::http::orders::whole::WholeOrder;
use crate::workflows;
use crate::workflows::transition::Actor;

/// Correct the shipping address before the order is shipped; `If-Match` must name the version that was read
#[utoipa::path(patch, path = "/internal/orders/{id}", params(("id" = OrderId, Path), ("If-Match" = String, Header)),
    request_body = EditOrder, responses((status = 200, body = WholeOrder)))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    service: Service,
    Path(id): Path<OrderId>,
    expected: IfMatch,
    Json(body): Json<EditOrder>,
) -> http_kit::Result<Json<WholeOrder>> {
    let staff = service.acting::<ManageOrders>()?;
    let actor = Actor::Staff(&staff);
    let address = Address::from(body.shipping_address);
    let order = workflows::edit::shipping_address(&app, id, expected, address, actor).await?;
    let mut conn = app.pool.acquire().await?;
    Ok(Json(WholeOrder::load(&mut conn, &order, actor).await?))
}
