use axum::extract::State;

use super::{CartAnswer, CartView};
use crate::app::AppState;
use crate::workflows::cart::{self, Shopper};

/// The cart with fresh prices and stock
#[utoipa::path(get, path = "/api/cart", operation_id = "getCart", tag = "cart",
    responses((status = 200, body = CartView), (status = "default", body = http_kit::Problem)),
    security((), ("bearer" = []), ("cart_token" = [])))]
pub(crate) async fn handler(State(app): State<AppState>, shopper: Shopper) -> CartAnswer {
    Ok(CartView::new(cart::read(&app, &shopper).await?))
}
