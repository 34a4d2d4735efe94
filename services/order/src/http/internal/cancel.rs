use auth_token::Service;
use auth_token::permissions::ManageOrders;
use axum::extract::State;
use http_kit::{Json, Path};
use primitives::OrderId;

use crate::app::AppState;
use crate::domain::text::Text;
use crate::http::orders::OrderView;
use crate::http::orders::cancel::CancelOrder;
use crate::store;
use crate::workflows;
use crate::workflows::transition::Actor;

/// Cancel an order
#[utoipa::path(post, path = "/internal/orders/{id}/cancel", params(("id" = OrderId, Path)), request_body = Option<CancelOrder>,
    responses((status = 200, body = OrderView)))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    service: Service,
    Path(id): Path<OrderId>,
    body: Option<Json<CancelOrder>>,
) -> http_kit::Result<Json<OrderView>> {
    let staff = service.acting::<ManageOrders>()?;
    let reason = body.unwrap_or_default().0.reason;
    let order = workflows::cancel::cancel(
        &app,
        id,
        Actor::Staff(&staff),
        reason.as_ref().map(Text::as_str),
    )
    .await?;
    let mut conn = app.pool.acquire().await?;
    let items = store::order_items::of_orders(&mut conn, &[id]).await?;
    Ok(Json(OrderView::new(&order, &items)))
}
