//! `GET /api/reviews/{id}`

use auth_token::MaybeUser;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use http_kit::{Path, Problem, Result};
use primitives::ReviewId;

use super::access::{self, Insight};
use super::view::Review;
use crate::app::AppState;
use crate::http::precondition;

/// Opens a review. What is not published is found by its author and by staff alone.
#[utoipa::path(
    get, path = "/api/reviews/{id}", tag = "reviews", security((), ("bearer" = [])),
    params(("id" = ReviewId, Path)),
    responses((status = 200, body = Review), (status = 304, description = "As `If-None-Match` says"), (status = 404, body = Problem))
)]
pub(crate) async fn get_review(
    State(state): State<AppState>,
    MaybeUser(viewer): MaybeUser,
    Path(id): Path<ReviewId>,
    headers: HeaderMap,
) -> Result<Response> {
    let mut db = state.context.pool.acquire().await?;
    let found = access::find_visible(&mut db, id, viewer.as_ref()).await?;
    let review = Review::new(found, Insight::of(viewer.as_ref()));
    precondition::respond(&headers, review.version, &review)
}
