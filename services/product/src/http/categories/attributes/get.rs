//! `GET /api/categories/{id or slug}/attributes`

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use http_kit::{Error, Path, Problem, Result};

use super::CategoryAttributes;
use crate::app::AppState;
use crate::http::precondition;
use crate::store::{categories, category_attributes};

/// The attributes that products of a category have: its own and those of all categories above it.
#[utoipa::path(
    get, path = "/api/categories/{id}/attributes", tag = "categories",
    params(("id" = String, Path, description = "id or slug")),
    responses((status = 200, body = CategoryAttributes), (status = 404, body = Problem))
)]
pub(crate) async fn get_category_attributes(
    State(state): State<AppState>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response> {
    let mut db = state.context.pool.acquire().await?;
    let category = categories::find(&mut db, id.parse().ok(), &id)
        .await?
        .ok_or_else(|| Error::not_found("category"))?;
    let defined = category_attributes::of(&mut db, category.id).await?;
    let body = CategoryAttributes::new(category.id, category.version, defined);
    precondition::respond(&headers, category.version, &body)
}
