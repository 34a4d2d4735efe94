//! `PUT /api/wishlist/{product_id}`

use auth_token::User;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Error, Json, Path, Problem, Result, one_field};
use primitives::{ProductId, VariantId};
use serde::Deserialize;
use utoipa::ToSchema;

use super::view::{self, WishlistItem};
use crate::app::AppState;
use crate::http::access;
use crate::store::{recommendations, wishlist};

/// More is no wish list any more.
const MOST: i64 = 500;

/// What exactly is wished for.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MakeWish {
    /// A variant of the product; without it, whichever is cheapest.
    variant_id: Option<VariantId>,
}

/// Wishes for a product. Again with another variant, it is that one that is wished for; again with the same, nothing changes.
#[utoipa::path(
    put, path = "/api/wishlist/{product_id}", tag = "wishlist", security(("bearer" = [])),
    params(("product_id" = ProductId, Path)),
    request_body = Option<MakeWish>,
    responses(
        (status = 200, description = "It was wished for already", body = WishlistItem),
        (status = 201, body = WishlistItem),
        (status = 401, body = Problem),
        (status = 404, body = Problem),
        (status = 409, description = "`wishlist_full`", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
    )
)]
pub(crate) async fn put_wish(
    State(state): State<AppState>,
    User(user): User,
    Path(product): Path<ProductId>,
    body: Option<Json<MakeWish>>,
) -> Result<(StatusCode, Json<WishlistItem>)> {
    let Json(body) = body.unwrap_or_default();
    let (cx, user) = (&state.context, user.user_id);
    let mut tx = cx.pool.begin().await?;
    // Whoever changes the price either sees the wish or is seen by it.
    if !wishlist::hold_product(&mut tx, product).await? {
        return Err(access::not_found());
    }
    let offer = wishlist::offer(&mut tx, product, body.variant_id)
        .await?
        .ok_or_else(|| match body.variant_id {
            Some(_) => one_field("variant_id", "unknown", "is not a variant of this product"),
            None => access::not_found(),
        })?;
    let new = wishlist::put(&mut tx, user, product, body.variant_id, &offer, &cx.clock).await?;
    if new && wishlist::count(&mut tx, user).await? > MOST {
        return Err(Error::conflict(
            "wishlist_full",
            "A wish list holds 500 things. Take something off it first.",
        ));
    }
    recommendations::user_changed(&mut tx, user).await?;
    let wish = wishlist::find(&mut tx, user, product)
        .await?
        .ok_or_else(access::not_found)?;
    let mut items = view::items(&mut tx, &state, vec![wish]).await?;
    tx.commit().await?;
    let item = items.pop().ok_or_else(access::not_found)?;
    let status = if new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok((status, Json(item)))
}
