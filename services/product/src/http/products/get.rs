//! `GET /api/products/{id or slug}`

use auth_token::{MaybeUser, Principal};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use http_kit::{Error, Json, Path, Problem, Result};
use primitives::ProductId;
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;

use super::view::Product;
use crate::app::AppState;
use crate::domain::status::Status;
use crate::http::{access, precondition};
use crate::store::products::{self, Selector};
use crate::store::slugs;

/// Where a product is now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MovedProduct {
    id: ProductId,
    slug: String,
}

/// Opens a product. What is not public is found by its seller and by staff alone.
#[utoipa::path(
    get, path = "/api/products/{id}", tag = "products", security((), ("bearer" = [])),
    params(("id" = String, Path, description = "id or slug; a former slug leads to the present one")),
    responses(
        (status = 200, body = Product),
        (status = 304, description = "As `If-None-Match` says"),
        (status = 308, description = "A former slug; `Location` has the present one", body = MovedProduct),
        (status = 404, body = Problem),
    )
)]
pub(crate) async fn get_product(
    State(state): State<AppState>,
    MaybeUser(viewer): MaybeUser,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response> {
    let selector = id.parse().map_or_else(|_| Selector::Slug(id), Selector::Id);
    let mut db = state.context.pool.acquire().await?;
    let Some(found) = products::find(&mut db, &selector, state.context.clock.now()).await? else {
        return match selector {
            Selector::Slug(former) => moved(&mut db, &former, viewer.as_ref()).await,
            Selector::Id(_) => Err(access::not_found()),
        };
    };
    if !access::may_see(viewer.as_ref(), found.seller_id, found.status) {
        return Err(access::not_found());
    }
    let product = Product::new(found, &state.media)?;
    precondition::respond(&headers, product.version, &product)
}

/// Sends whoever knows a former slug to the present one. For a minute only, because a product may be named as before.
async fn moved(
    db: &mut PgConnection,
    former: &str,
    viewer: Option<&Principal>,
) -> Result<Response> {
    let moved = slugs::moved(db, former)
        .await?
        .filter(|moved| access::may_see(viewer, moved.seller_id, moved.status))
        .ok_or_else(access::not_found)?;
    let location =
        HeaderValue::from_str(&format!("/api/products/{}", moved.slug)).map_err(Error::internal)?;
    let caching = match moved.status {
        Status::Active => HeaderValue::from_static("public, max-age=60"),
        _ => HeaderValue::from_static("private, no-cache"),
    };
    let body = MovedProduct {
        id: moved.id,
        slug: moved.slug,
    };
    let headers = [
        (header::LOCATION, location),
        (header::CACHE_CONTROL, caching),
    ];
    Ok((StatusCode::PERMANENT_REDIRECT, headers, Json(body)).into_response())
}
