use auth_token::Service;
use auth_token::permissions::{ManageOrders, Refund};
use axum::extract::State;
use http_kit::{Json, Path};
use primitives::{OrderId, Text};

use crate::app::AppState;
use crate::http::orders::cancel::CancelOrder;
use crate::http::orders::whole::WholeOrder;
use crate::workflows;
use crate::workflows::transition::Actor;

/// Cancel an order. One that gives money back needs what a refund needs
#[utoipa::path(post, path = "/internal/orders/{id}/cancel", params(("id" = OrderId, Path)), request_body = Option<CancelOrder>,
    responses((status = 200, body = WholeOrder)))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    service: Service,
    Path(id): Path<OrderId>,
    body: Option<Json<CancelOrder>>,
) -> http_kit::Result<Json<WholeOrder>> {
    let staff = service.acting::<ManageOrders>()?;
    let CancelOrder { reason, restock } = body.unwrap_or_default().0;
    let actor = Actor::Staff(&staff);
    let reason = reason.as_ref().map(Text::as_str);
    let may_refund = service.staff::<Refund>().map(drop);
    let order = workflows::cancel::cancel(&app, id, actor, reason, restock, may_refund).await?;
    let mut conn = app.pool.acquire().await?;
    Ok(Json(WholeOrder::load(&mut conn, &order, actor).await?))
}
