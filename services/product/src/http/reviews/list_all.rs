//! `GET /api/reviews`

use auth_token::User;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use http_kit::{Cursor, Limit, Page, Problem, Query, Result, etag};
use primitives::{ProductId, UserId};
use serde::Deserialize;
use utoipa::IntoParams;

use super::access::{Insight, is_staff};
use super::paging::{self, Ratings, SortBy};
use super::view::Review;
use crate::app::AppState;
use crate::domain::review::Status;
use crate::domain::text::ReviewWords;
use crate::store::reviews::{self, Filter};

/// Which reviews, and in which order.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListAllReviews {
    #[param(inline)]
    status: Option<Status>,
    /// Of this product.
    #[param(value_type = Option<String>, format = Uuid)]
    product: Option<ProductId>,
    /// Of this author; for staff.
    #[param(value_type = Option<String>, format = Uuid)]
    user: Option<UserId>,
    /// Only those with exactly so many stars, such as `5` or `1,2`.
    #[param(value_type = Option<String>, pattern = "^[1-5](,[1-5])*$")]
    rating: Option<Ratings>,
    /// In headline or text.
    #[param(value_type = Option<String>, min_length = 1, max_length = 200)]
    q: Option<ReviewWords>,
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

/// Reviews of all products, whatever their status: all of them for staff, and their own for everybody else.
#[utoipa::path(
    get, path = "/api/reviews", tag = "reviews", security(("bearer" = [])),
    params(ListAllReviews),
    responses((status = 200, body = Page<Review>), (status = 401, body = Problem), (status = 422, body = Problem))
)]
pub(crate) async fn list_all_reviews(
    State(state): State<AppState>,
    User(viewer): User,
    Query(query): Query<ListAllReviews>,
    headers: HeaderMap,
) -> Result<Response> {
    let (limit, sort) = (
        query.limit.unwrap_or_default(),
        query.sort.unwrap_or_default(),
    );
    let after = paging::after(query.cursor.as_ref(), sort)?;
    let others = is_staff(&viewer);
    if !others && query.user.is_some_and(|user| user != viewer.user_id) {
        return Ok(etag::respond_hashed(
            &headers,
            Page::<Review> {
                data: Vec::new(),
                next_cursor: None,
            },
        ));
    }
    let filter = Filter {
        product: query.product,
        author: if others {
            query.user
        } else {
            Some(viewer.user_id)
        },
        status: query.status,
        ratings: query.rating.unwrap_or_default().0,
        text: query.q.map(String::from),
    };
    let insight = Insight::of(Some(&viewer));
    let mut db = state.context.pool.acquire().await?;
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
    Ok(etag::respond_hashed(&headers, page))
}
