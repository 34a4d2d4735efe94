//! `POST /api/products/{id}/submit`

use auth_token::{Acting, Seller};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use http_kit::{Path, Problem, Result};
use primitives::ProductId;

use super::view::Product;
use crate::app::AppState;
use crate::domain::status::Step;
use crate::http::access;
use crate::http::precondition::{self, Expected};
use crate::workflows::products;

/// Asks staff to make a draft public.
#[utoipa::path(
    post, path = "/api/products/{id}/submit", tag = "products", security(("bearer" = [])),
    params(("id" = ProductId, Path)),
    responses(
        (status = 200, body = Product),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 409, description = "`invalid_status`", body = Problem),
        (status = 412, description = "`stale_version`, if `If-Match` was sent", body = Problem),
    )
)]
pub(crate) async fn submit_product(
    State(state): State<AppState>,
    Seller(seller): Seller,
    Path(id): Path<ProductId>,
    Expected(expected): Expected,
) -> Result<Response> {
    let mut tx = state.context.pool.begin().await?;
    let locked = access::lock_own(&mut tx, id, &seller).await?;
    expected.check(locked.version)?;
    let product = Product::new(
        products::step(
            tx,
            &state.context,
            &locked,
            Step::Submit,
            Acting::of(&seller).as_ref(),
            None,
        )
        .await?,
        &state.media,
    )?;
    precondition::written(StatusCode::OK, product.version, &product)
}
