use axum::extract::State;
use http_kit::{FieldErrors, IdempotentJson};
use primitives::{ProductId, Quantity, VariantId};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{CartAnswer, CartView};
use crate::app::AppState;
use crate::workflows::cart::{self, Choice, Once, Shopper};

/// Exactly one of `variant_id` and `product_id`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddToCart {
    variant_id: Option<VariantId>,
    /// A product with one variant.
    product_id: Option<ProductId>,
    quantity: Quantity,
}

/// Put units of a variant into the cart
///
/// A repetition with the same `Idempotency-Key` adds nothing and answers the cart as it is.
#[utoipa::path(post, path = "/api/cart", operation_id = "addToCart", tag = "cart", request_body = AddToCart,
    params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = CartView, headers(("X-Cart-Token" = String, description = "A guest's cart"))), (status = "default", body = http_kit::Problem)),
    security((), ("bearer" = []), ("cart_token" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    shopper: Shopper,
    IdempotentJson { key, hash, body }: IdempotentJson<AddToCart>,
) -> CartAnswer {
    let choice = match (body.variant_id, body.product_id) {
        (Some(variant), None) => Choice::Variant(variant),
        (None, Some(product)) => Choice::Product(product),
        (None, None) => {
            return Err(http_kit::one_field(
                "variant_id",
                "required",
                "is required, or product_id",
            ));
        }
        (Some(_), Some(_)) => {
            return Err(http_kit::Error::validation(FieldErrors::new().add(
                "product_id",
                "exclusive",
                "must not be given together with variant_id",
            )));
        }
    };
    let once = key.as_ref().map(|key| Once { key, hash });
    Ok(CartView::new(
        cart::add(&app, &shopper, choice, body.quantity, once).await?,
    ))
}
