//! `POST /internal/products/{id}/approve`

use auth_token::Service;
use auth_token::permissions::ApproveProducts;
use axum::extract::State;
use http_kit::{IfMatch, Json, Path, Problem, Result};
use primitives::ProductId;

use crate::app::AppState;
use crate::http::products::approve::approve;
use crate::http::products::view::Product;

/// As `POST /api/products/{id}/approve`, in a staff member's name.
#[utoipa::path(
    post, path = "/internal/products/{id}/approve", tag = "internal",
    params(("id" = ProductId, Path)),
    responses(
        (status = 200, body = Product),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 409, body = Problem),
    )
)]
pub(crate) async fn approve_on_behalf(
    State(state): State<AppState>,
    service: Service,
    Path(id): Path<ProductId>,
) -> Result<Json<Product>> {
    let staff = service.acting::<ApproveProducts>()?;
    approve(&state, &staff, id, IfMatch(None)).await.map(Json)
}
