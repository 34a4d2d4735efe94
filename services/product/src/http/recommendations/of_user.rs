//! `GET /api/products/recommended`

use auth_token::MaybeUser;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use http_kit::{Problem, Query, Result, etag};
use serde::Serialize;
use utoipa::ToSchema;

use super::{RecommendationsQuery, Shelf};
use crate::app::AppState;
use crate::http::products::view::ProductSummary;
use crate::store::recommendations as store;

/// Products for somebody, best first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Recommended {
    data: Vec<ProductSummary>,
    /// Whether it follows from what they bought and wish for; else it is what sells best.
    personalised: bool,
}

/// Recommends products to whoever asks: by their own orders and wish list when signed in, else what sells best.
#[utoipa::path(
    get, path = "/api/products/recommended", tag = "recommendations", security((), ("bearer" = [])),
    params(RecommendationsQuery),
    responses(
        (status = 200, body = Recommended),
        (status = 304, description = "As `If-None-Match` says"),
        (status = 422, body = Problem),
    )
)]
pub(crate) async fn recommended(
    State(state): State<AppState>,
    MaybeUser(viewer): MaybeUser,
    Query(query): Query<RecommendationsQuery>,
    headers: HeaderMap,
) -> Result<Response> {
    let user = viewer.as_ref().map(|viewer| viewer.user_id);
    let mut db = state.context.pool.acquire().await?;
    let (own, popular) = store::of_user(&mut db, user).await?;
    let personalised = !own.is_empty();
    let list = if personalised { own } else { popular };
    let mut shelf = Shelf::fetch(&mut db, &state, &list).await?;
    drop(db);
    let answer = Recommended {
        data: shelf.take(&list, query.limit())?,
        personalised,
    };
    let mut response = etag::respond_hashed(&headers, answer);
    if user.is_some() {
        let private = HeaderValue::from_static("private, no-cache");
        response
            .headers_mut()
            .insert(header::CACHE_CONTROL, private);
    }
    Ok(response)
}
