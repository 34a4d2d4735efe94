//! `POST /api/products/{id}/approve`

use auth_token::Staff;
use auth_token::permissions::ApproveProducts;
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

/// Makes a product public.
#[utoipa::path(
    post, path = "/api/products/{id}/approve", tag = "products", security(("bearer" = [])),
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
pub(crate) async fn approve_product(
    State(state): State<AppState>,
    staff: Staff<ApproveProducts>,
    Path(id): Path<ProductId>,
    Expected(expected): Expected,
) -> Result<Response> {
    let mut tx = state.context.pool.begin().await?;
    let locked = access::lock_any(&mut tx, id).await?;
    expected.check(locked.version)?;
    let acting = staff.acting();
    let (step, staff) = (Step::Approve, Some(&acting));
    let written = products::step(tx, &state.context, &locked, step, staff, None).await?;
    let product = Product::new(written, &state.media)?;
    precondition::written(StatusCode::OK, product.version, &product)
}
