use axum::extract::State;
use http_kit::Json;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{CartAnswer, CartView};
use crate::app::AppState;
use crate::domain::coupon::CouponCode;
use crate::workflows::cart::{self, Shopper};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApplyCoupon {
    code: CouponCode,
}

/// Put a coupon on the cart
#[utoipa::path(post, path = "/api/cart/coupon", operation_id = "applyCoupon", tag = "cart", request_body = ApplyCoupon,
    responses((status = 200, body = CartView), (status = "default", body = http_kit::Problem)),
    security((), ("bearer" = []), ("cart_token" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    shopper: Shopper,
    Json(body): Json<ApplyCoupon>,
) -> CartAnswer {
    Ok(CartView::new(
        cart::apply_coupon(&app, &shopper, body.code.as_str()).await?,
    ))
}
