//! `POST /api/products/{id}/reject`

use auth_token::Staff;
use auth_token::permissions::ApproveProducts;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use http_kit::{Json, Path, Problem, Result};
use primitives::ProductId;
use serde::Deserialize;
use utoipa::ToSchema;

use super::view::Product;
use crate::app::AppState;
use crate::domain::status::Step;
use crate::domain::text::Reason;
use crate::http::access;
use crate::http::precondition::{self, Expected};
use crate::workflows::products;

/// Why a product is refused.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RejectProduct {
    /// The seller reads it.
    reason: Reason,
}

/// Refuses a product, or takes it out of the shop, with a reason that its seller reads.
#[utoipa::path(
    post, path = "/api/products/{id}/reject", tag = "products", security(("bearer" = [])),
    params(("id" = ProductId, Path)),
    request_body = RejectProduct,
    responses(
        (status = 200, body = Product),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 409, description = "`invalid_status`", body = Problem),
        (status = 412, description = "`stale_version`, if `If-Match` was sent", body = Problem),
        (status = 422, body = Problem),
    )
)]
pub(crate) async fn reject_product(
    State(state): State<AppState>,
    staff: Staff<ApproveProducts>,
    Path(id): Path<ProductId>,
    Expected(expected): Expected,
    Json(body): Json<RejectProduct>,
) -> Result<Response> {
    let mut tx = state.context.pool.begin().await?;
    let locked = access::lock_any(&mut tx, id).await?;
    expected.check(locked.version)?;
    let (acting, reason) = (staff.acting(), Some(&*body.reason));
    let (step, staff) = (Step::Reject, Some(&acting));
    let written = products::step(tx, &state.context, &locked, step, staff, reason).await?;
    let product = Product::new(written, &state.media)?;
    precondition::written(StatusCode::OK, product.version, &product)
}
