//! `GET /api/products/{id or slug}`

use auth_token::{MaybeUser, Principal};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use http_kit::{Error, Json, Path, Problem, Result};
use primitives::ProductId;
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;

use super::view::Product;
use crate::app::AppState;
use crate::cache::{Answer, Audience, Loaded, Tag};
use crate::domain::status::Status;
use crate::http::access;
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
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response> {
    let selector = id.parse().map_or_else(|_| Selector::Slug(id), Selector::Id);
    let audience = Audience::of(viewer.as_ref());
    let loaded = match audience {
        Audience::Insider => load(&state, &selector, viewer.as_ref()).await?,
        Audience::Customer | Audience::Everybody => {
            let load = load(&state, &selector, None);
            state.cache.get(&uri, load).await?
        }
    };
    loaded.respond(audience, &headers, access::not_found)
}

async fn load(state: &AppState, selector: &Selector, viewer: Option<&Principal>) -> Result<Loaded> {
    let mut db = state.context.pool.acquire().await?;
    let now = state.context.clock.now();
    let Some(found) = products::find(&mut db, selector, now).await? else {
        return match selector {
            Selector::Slug(former) => moved(&mut db, former, viewer).await,
            Selector::Id(_) => Ok(missing()),
        };
    };
    if !access::may_see(viewer, found.seller_id, found.status) {
        return Ok(missing());
    }
    let product = Product::new(found, &state.media)?;
    let tags = vec![Tag::Product(product.id)];
    Ok(Loaded::Keep(
        Answer::versioned(product.version, &product)?,
        tags,
    ))
}

/// Nothing, until there is another product.
fn missing() -> Loaded {
    Loaded::Keep(Answer::Missing, vec![Tag::Products])
}

/// Sends whoever knows a former slug to the present one. For a minute only, because a product may be named as before.
async fn moved(db: &mut PgConnection, former: &str, viewer: Option<&Principal>) -> Result<Loaded> {
    let moved = slugs::moved(db, former)
        .await?
        .filter(|moved| access::may_see(viewer, moved.seller_id, moved.status));
    let Some(moved) = moved else {
        return Ok(missing());
    };
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
    let response = (StatusCode::PERMANENT_REDIRECT, headers, Json(body)).into_response();
    Ok(Loaded::Pass(response))
}
