//! `GET /api/products/{id}/reviews`

use auth_token::MaybeUser;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use http_kit::{Cursor, Limit, Path, Problem, Query, Result};
use primitives::ProductId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::access::Insight;
use super::paging::{self, Ratings, SortBy};
use super::view::{Rating, Review};
use crate::app::AppState;
use crate::cache::{Answer, Audience, Loaded};
use crate::domain::review::Status;
use crate::http::access;
use crate::store::reviews::{self, Filter};

/// Which reviews, and in which order.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListReviews {
    /// Only those with exactly so many stars, such as `5` or `1,2`.
    #[param(value_type = Option<String>, pattern = "^[1-5](,[1-5])*$")]
    rating: Option<Ratings>,
    /// `newest` unless given.
    #[param(inline)]
    sort: Option<SortBy>,
    /// How many to answer, 1–100 (20).
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<Limit>,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
}

/// One page of a product's reviews.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReviewPage {
    data: Vec<Review>,
    /// Where the next page begins; null on the last one.
    #[schema(value_type = Option<String>)]
    next_cursor: Option<Cursor>,
    /// Of all published reviews, whatever the filter.
    rating: Rating,
}

/// What buyers say of a product: what is published of it, with the stars that were given.
#[utoipa::path(
    get, path = "/api/products/{id}/reviews", tag = "reviews", security((), ("bearer" = [])),
    params(("id" = ProductId, Path), ListReviews),
    responses((status = 200, body = ReviewPage), (status = 404, body = Problem), (status = 422, body = Problem))
)]
pub(crate) async fn list_reviews(
    State(state): State<AppState>,
    MaybeUser(viewer): MaybeUser,
    Path(product): Path<ProductId>,
    Query(query): Query<ListReviews>,
    headers: HeaderMap,
) -> Result<Response> {
    let (limit, sort) = (
        query.limit.unwrap_or_default(),
        query.sort.unwrap_or_default(),
    );
    let after = paging::after(query.cursor.as_ref(), sort)?;
    let insight = Insight::of(viewer.as_ref());
    let filter = Filter {
        product: Some(product),
        status: Some(Status::Published),
        ratings: query.rating.unwrap_or_default().0,
        ..Filter::default()
    };
    let mut db = state.context.pool.acquire().await?;
    access::check_visible(&mut db, product, viewer.as_ref()).await?;
    let stars = reviews::stars(&mut db, product).await?;
    let viewed_by = insight.viewer();
    let rows = reviews::list(
        &mut db,
        &filter,
        sort.sort(),
        after,
        viewed_by,
        limit.fetch(),
    )
    .await?;
    let page = paging::cut(rows, limit, sort)?.map(|review| Review::new(review, insight));
    let answer = ReviewPage {
        data: page.data,
        next_cursor: page.next_cursor,
        rating: Rating::new(&stars),
    };
    // Votes are no events: only nginx keeps this, for a second.
    let loaded = Loaded::Keep(Answer::hashed(&answer)?, Vec::new());
    loaded.respond(Audience::of(viewer.as_ref()), &headers, access::not_found)
}
