use axum::extract::State;

use super::{CartAnswer, CartView};
use crate::app::AppState;
use crate::workflows::cart::{self, Shopper};

/// Accept the prices of today, so that notices of changed prices end
#[utoipa::path(delete, path = "/api/cart/notices", operation_id = "acknowledgeCartNotices", tag = "cart",
    responses((status = 200, body = CartView), (status = "default", body = http_kit::Problem)),
    security((), ("bearer" = []), ("cart_token" = [])))]
pub(crate) async fn handler(State(app): State<AppState>, shopper: Shopper) -> CartAnswer {
    Ok(CartView::new(cart::acknowledge(&app, &shopper).await?))
}
