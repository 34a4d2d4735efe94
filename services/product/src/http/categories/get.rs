//! `GET /api/categories/{id or slug}`

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use http_kit::{Error, Path, Problem, Result, etag};

use super::Category;
use crate::app::AppState;
use crate::store::categories;

/// One category.
#[utoipa::path(
    get, path = "/api/categories/{id}", tag = "categories",
    params(("id" = String, Path, description = "id or slug")),
    responses((status = 200, body = Category), (status = 404, body = Problem))
)]
pub(crate) async fn get_category(
    State(state): State<AppState>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response> {
    let mut db = state.context.pool.acquire().await?;
    let found = categories::find(&mut db, id.parse().ok(), &id)
        .await?
        .ok_or_else(|| Error::not_found("category"))?;
    let category = Category::from(found);
    Ok(etag::respond(
        &headers,
        &etag::of_version(category.version),
        category,
    ))
}
