use axum::extract::State;
use axum::http::StatusCode;

use crate::app::AppState;
use crate::workflows::cart::{self, Shopper};

/// Empty the cart
#[utoipa::path(delete, path = "/api/cart", operation_id = "clearCart", tag = "cart",
    responses((status = 204), (status = "default", body = http_kit::Problem)),
    security((), ("bearer" = []), ("cart_token" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    shopper: Shopper,
) -> http_kit::Result<StatusCode> {
    cart::clear(&app, &shopper).await?;
    Ok(StatusCode::NO_CONTENT)
}
