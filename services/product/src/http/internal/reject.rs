//! `POST /internal/products/{id}/reject`

use auth_token::Service;
use auth_token::permissions::ApproveProducts;
use axum::extract::State;
use http_kit::{IfMatch, Json, Path, Problem, Result};
use primitives::ProductId;

use crate::app::AppState;
use crate::http::products::reject::{RejectProduct, reject};
use crate::http::products::view::Product;

/// As `POST /api/products/{id}/reject`, in a staff member's name.
#[utoipa::path(
    post, path = "/internal/products/{id}/reject", tag = "internal",
    params(("id" = ProductId, Path)),
    request_body = RejectProduct,
    responses(
        (status = 200, body = Product),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 409, body = Problem),
        (status = 422, body = Problem),
    )
)]
pub(crate) async fn reject_on_behalf(
    State(state): State<AppState>,
    service: Service,
    Path(id): Path<ProductId>,
    Json(body): Json<RejectProduct>,
) -> Result<Json<Product>> {
    let staff = service.acting::<ApproveProducts>()?;
    reject(&state, &staff, id, IfMatch(None), &body.reason)
        .await
        .map(Json)
}
