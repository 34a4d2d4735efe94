use axum::extract::State;

use super::{CartAnswer, CartView};
use crate::app::AppState;
use crate::workflows::cart::{self, Shopper};

/// Take the coupon off the cart
#[utoipa::path(delete, path = "/api/cart/coupon", operation_id = "removeCoupon", tag = "cart",
    responses((status = 200, body = CartView), (status = "default", body = http_kit::Problem)),
    security((), ("bearer" = []), ("cart_token" = [])))]
pub(crate) async fn handler(State(app): State<AppState>, shopper: Shopper) -> CartAnswer {
    Ok(CartView::new(cart::remove_coupon(&app, &shopper).await?))
}
