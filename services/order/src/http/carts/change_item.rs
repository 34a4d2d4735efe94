use axum::extract::State;
use http_kit::{Json, Path};
use primitives::{CartItemId, Quantity};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{CartAnswer, CartView};
use crate::app::AppState;
use crate::workflows::cart::{self, Shopper};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangeCartItem {
    quantity: Quantity,
}

/// Set a line's units
#[utoipa::path(patch, path = "/api/cart/items/{id}", operation_id = "changeCartItem", tag = "cart", params(("id" = CartItemId, Path)),
    request_body = ChangeCartItem,
    responses((status = 200, body = CartView), (status = "default", body = http_kit::Problem)),
    security((), ("bearer" = []), ("cart_token" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    shopper: Shopper,
    Path(id): Path<CartItemId>,
    Json(body): Json<ChangeCartItem>,
) -> CartAnswer {
    Ok(CartView::new(
        cart::set_quantity(&app, &shopper, id, body.quantity).await?,
    ))
}
