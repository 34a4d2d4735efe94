//! `DELETE /api/wishlist/{product_id}`

use auth_token::User;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Path, Problem, Result};
use primitives::ProductId;

use crate::app::AppState;
use crate::store::{recommendations, wishlist};

/// Takes a wish back. What is not wished for stays so.
#[utoipa::path(
    delete, path = "/api/wishlist/{product_id}", tag = "wishlist", security(("bearer" = [])),
    params(("product_id" = ProductId, Path)),
    responses((status = 204), (status = 401, body = Problem), (status = 404, description = "No id", body = Problem))
)]
pub(crate) async fn remove_wish(
    State(state): State<AppState>,
    User(user): User,
    Path(product): Path<ProductId>,
) -> Result<StatusCode> {
    let mut tx = state.context.pool.begin().await?;
    wishlist::remove(&mut tx, user.user_id, product).await?;
    recommendations::user_changed(&mut tx, user.user_id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
