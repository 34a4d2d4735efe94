use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{IdempotentJson, Json, Problem};

use crate::app::AppState;
use crate::http::orders::place::{self, PlaceOrder, PlacedOrder};
use crate::workflows::cart::Shopper;

/// Order what is in the cart; the same as `POST /api/orders`
#[utoipa::path(post, path = "/api/cart/checkout", operation_id = "checkout", tag = "cart", request_body = PlaceOrder,
    params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = PlacedOrder), (status = "default", body = Problem)),
    security((), ("bearer" = []), ("cart_token" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    shopper: Shopper,
    request: IdempotentJson<PlaceOrder>,
) -> http_kit::Result<(StatusCode, Json<PlacedOrder>)> {
    place::place(&app, &shopper, request).await
}
