use auth_token::Service;
use auth_token::permissions::ReadOrders;
use axum::extract::State;
use http_kit::{Json, Path};
use primitives::OrderId;

use crate::app::AppState;
use crate::http::orders::whole::WholeOrder;
use crate::store;
use crate::workflows::transition::Actor;

/// An order as staff see it, with what they can do with it next
#[utoipa::path(get, path = "/internal/orders/{id}", params(("id" = OrderId, Path)), responses((status = 200, body = WholeOrder)))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    service: Service,
    Path(id): Path<OrderId>,
) -> http_kit::Result<Json<WholeOrder>> {
    let staff = service.acting::<ReadOrders>()?;
    let mut conn = app.pool.acquire().await?;
    let order = store::orders::find(&mut conn, id)
        .await?
        .ok_or_else(|| http_kit::Error::not_found("order"))?;
    Ok(Json(
        WholeOrder::load(&mut conn, &order, Actor::Staff(&staff)).await?,
    ))
}
