//! `PUT /api/products/{id}`

use auth_token::Seller;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use http_kit::{Json, Path, Problem, Result};
use primitives::ProductId;

use super::body::UpdateProduct;
use super::view::Product;
use crate::app::AppState;
use crate::http::access;
use crate::http::precondition::{self, Expected};
use crate::workflows::products;

/// Says all of a product anew. A product with another title gets another slug; the former ones lead to it. `If-Match` names the version that was read, so that nobody's change is lost.
#[utoipa::path(
    put, path = "/api/products/{id}", tag = "products", security(("bearer" = [])),
    params(("id" = ProductId, Path), ("If-Match" = String, Header, description = "The `ETag` that was read, or `\"<version>\"`")),
    request_body = UpdateProduct,
    responses(
        (status = 200, body = Product),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 409, description = "`sku_taken`, `slug_taken`, `stock_reserved`", body = Problem),
        (status = 412, description = "`stale_version`", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
        (status = 428, description = "`precondition_required`", body = Problem),
    )
)]
pub(crate) async fn update_product(
    State(state): State<AppState>,
    Seller(seller): Seller,
    Path(id): Path<ProductId>,
    Expected(expected): Expected,
    Json(body): Json<UpdateProduct>,
) -> Result<Response> {
    let spec = body.check()?;
    let mut tx = state.context.pool.begin().await?;
    let locked = access::lock_own(&mut tx, id, &seller).await?;
    expected.required()?;
    expected.check(locked.version)?;
    let updated = products::update(tx, &state.context, &locked, &seller, &spec).await?;
    let product = Product::new(updated, &state.media)?;
    precondition::written(StatusCode::OK, product.version, &product)
}
