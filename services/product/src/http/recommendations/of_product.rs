//! `GET /api/products/{id}/recommendations`

use auth_token::MaybeUser;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use http_kit::{Path, Problem, Query, Result, etag};
use serde::Serialize;
use utoipa::ToSchema;

use super::{RecommendationsQuery, Shelf};
use crate::app::AppState;
use crate::http::access;
use crate::http::products::view::ProductSummary;
use crate::store::products::Selector;
use crate::store::recommendations as store;

/// What to show with a product, best first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Recommendations {
    /// What is bought with it, or with what is most like it.
    bought_together: Vec<ProductSummary>,
    /// What might be wanted instead. Nothing of the above.
    similar: Vec<ProductSummary>,
}

/// Recommends what goes with a product, and what is like it.
#[utoipa::path(
    get, path = "/api/products/{id}/recommendations", tag = "recommendations", security((), ("bearer" = [])),
    params(("id" = String, Path, description = "id or slug"), RecommendationsQuery),
    responses(
        (status = 200, body = Recommendations),
        (status = 304, description = "As `If-None-Match` says"),
        (status = 404, body = Problem),
        (status = 422, body = Problem),
    )
)]
pub(crate) async fn recommendations(
    State(state): State<AppState>,
    MaybeUser(viewer): MaybeUser,
    Path(id): Path<String>,
    Query(query): Query<RecommendationsQuery>,
    headers: HeaderMap,
) -> Result<Response> {
    let selector = id.parse().map_or_else(|_| Selector::Slug(id), Selector::Id);
    let mut db = state.context.pool.acquire().await?;
    let found = store::of_product(&mut db, &selector)
        .await?
        .filter(|found| access::may_see(viewer.as_ref(), found.seller_id, found.status))
        .ok_or_else(access::not_found)?;
    let all = [&found.together[..], &found.similar[..]].concat();
    let mut shelf = Shelf::fetch(&mut db, &state, &all).await?;
    drop(db);
    let answer = Recommendations {
        bought_together: shelf.take(&found.together, query.limit())?,
        similar: shelf.take(&found.similar, query.limit())?,
    };
    Ok(etag::respond_hashed(&headers, answer))
}
