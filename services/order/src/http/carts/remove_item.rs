use axum::extract::State;
use http_kit::Path;
use primitives::CartItemId;

use super::{CartAnswer, CartView};
use crate::app::AppState;
use crate::workflows::cart::{self, Shopper};

/// Take a line out of the cart
#[utoipa::path(delete, path = "/api/cart/items/{id}", operation_id = "removeCartItem", tag = "cart", params(("id" = CartItemId, Path)),
    responses((status = 200, body = CartView), (status = "default", body = http_kit::Problem)),
    security((), ("bearer" = []), ("cart_token" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    shopper: Shopper,
    Path(id): Path<CartItemId>,
) -> CartAnswer {
    Ok(CartView::new(cart::remove(&app, &shopper, id).await?))
}
