//! `GET /api/products/{id}/reviews`

use auth_token::MaybeUser;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use http_kit::{Page, PageQuery, Path, Problem, Query, Result, etag};
use primitives::ProductId;
use uuid::Uuid;

use super::Review;
use crate::app::AppState;
use crate::http::access;
use crate::store::reviews;

/// What buyers say of a product, newest first.
#[utoipa::path(
    get, path = "/api/products/{id}/reviews", tag = "reviews", security((), ("bearer" = [])),
    params(("id" = ProductId, Path), PageQuery),
    responses((status = 200, body = Page<Review>), (status = 404, body = Problem), (status = 422, body = Problem))
)]
pub(crate) async fn list_reviews(
    State(state): State<AppState>,
    MaybeUser(viewer): MaybeUser,
    Path(product): Path<ProductId>,
    Query(query): Query<PageQuery>,
    headers: HeaderMap,
) -> Result<Response> {
    let before = query.after::<Uuid>()?;
    let mut db = state.context.pool.acquire().await?;
    access::check_visible(&mut db, product, viewer.as_ref()).await?;
    let rows = reviews::list(&mut db, product, before, query.limit().fetch()).await?;
    let page = Page::cut(rows, query.limit(), |review| review.id)?.map(Review::from);
    Ok(etag::respond_hashed(&headers, page))
}
