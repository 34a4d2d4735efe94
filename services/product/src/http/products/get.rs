//! `GET /api/products/{id or slug}`

use auth_token::MaybeUser;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use http_kit::{Path, Problem, Result};

use super::view::Product;
use crate::app::AppState;
use crate::http::{access, precondition};
use crate::store::products::{self, Selector};

/// Opens a product. What is not public is found by its seller and by staff alone.
#[utoipa::path(
    get, path = "/api/products/{id}", tag = "products", security((), ("bearer" = [])),
    params(("id" = String, Path, description = "id or slug")),
    responses((status = 200, body = Product), (status = 304, description = "As `If-None-Match` says"), (status = 404, body = Problem))
)]
pub(crate) async fn get_product(
    State(state): State<AppState>,
    MaybeUser(viewer): MaybeUser,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response> {
    let selector = id.parse().map_or_else(|_| Selector::Slug(id), Selector::Id);
    let mut db = state.context.pool.acquire().await?;
    let found = products::find(&mut db, &selector)
        .await?
        .ok_or_else(access::not_found)?;
    if !access::may_see(viewer.as_ref(), found.seller_id, found.status) {
        return Err(access::not_found());
    }
    let product = Product::new(found, &state.media)?;
    precondition::respond(&headers, product.version, &product)
}
