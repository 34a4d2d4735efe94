//! `DELETE /api/products/{id}`

use auth_token::{Acting, Seller};
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Path, Problem, Result};
use primitives::ProductId;

use crate::app::AppState;
use crate::domain::status::Step;
use crate::http::access;
use crate::http::precondition::Expected;
use crate::workflows::products;

/// Takes a product out of the shop for good. Orders still tell of it; its SKUs are free again.
#[utoipa::path(
    delete, path = "/api/products/{id}", tag = "products", security(("bearer" = [])),
    params(("id" = ProductId, Path)),
    responses(
        (status = 204),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 412, description = "`stale_version`", body = Problem),
    )
)]
pub(crate) async fn delete_product(
    State(state): State<AppState>,
    Seller(seller): Seller,
    Path(id): Path<ProductId>,
    Expected(expected): Expected,
) -> Result<StatusCode> {
    let mut tx = state.context.pool.begin().await?;
    let locked = access::lock_own(&mut tx, id, &seller).await?;
    expected.check(locked.version)?;
    let staff = Acting::of(&seller);
    products::step(
        tx,
        &state.context,
        &locked,
        Step::Archive,
        staff.as_ref(),
        None,
    )
    .await?;
    Ok(StatusCode::NO_CONTENT)
}
