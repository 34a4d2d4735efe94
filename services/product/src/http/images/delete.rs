//! `DELETE /api/products/{id}/images/{image_id}`

use auth_token::{Acting, Seller};
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Error, Path, Problem, Result};
use primitives::{ImageId, ProductId};
use serde_json::{Value, json};

use crate::app::AppState;
use crate::http::access;
use crate::workflows::{pictures, products};

/// Removes a picture.
#[utoipa::path(
    delete, path = "/api/products/{id}/images/{image_id}", tag = "products", security(("bearer" = [])),
    params(("id" = ProductId, Path), ("image_id" = ImageId, Path)),
    responses((status = 204), (status = 401, body = Problem), (status = 403, body = Problem), (status = 404, body = Problem))
)]
pub(crate) async fn delete_image(
    State(state): State<AppState>,
    Seller(seller): Seller,
    Path((id, image)): Path<(ProductId, ImageId)>,
) -> Result<StatusCode> {
    let mut tx = state.context.pool.begin().await?;
    let locked = access::lock_own(&mut tx, id, &seller).await?;
    let staff = Acting::of(&seller);
    let change = (json!({ "image_id": image }), Value::Null);
    let action = "product.delete_image";
    products::audit(&mut tx, &state.context, staff.as_ref(), action, id, change).await?;
    match pictures::remove(tx, &state.context, &locked, image).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Error::not_found("picture")),
    }
}
