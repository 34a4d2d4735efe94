use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use http_kit::{Path, Problem, etag};
use primitives::OrderId;

use super::whole::WholeOrder;
use crate::app::AppState;
use crate::workflows::access::{self, Caller};

/// An order
#[utoipa::path(get, path = "/api/orders/{id}", operation_id = "getOrder", tag = "orders", params(("id" = OrderId, Path)),
    responses((status = 200, body = WholeOrder), (status = 304), (status = "default", body = Problem)),
    security(("bearer" = []), ("order_token" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    caller: Caller,
    Path(id): Path<OrderId>,
    headers: HeaderMap,
) -> http_kit::Result<Response> {
    let mut conn = app.pool.acquire().await?;
    let (order, viewer) = access::readable(&mut conn, &caller, id).await?;
    let whole = WholeOrder::load(&mut conn, &order, viewer).await?;
    Ok(etag::respond(
        &headers,
        &etag::of_version(order.version),
        whole,
    ))
}
