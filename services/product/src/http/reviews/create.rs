//! `POST /api/products/{id}/reviews`

use auth_token::User;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use http_kit::{Error, Json, OnConstraint as _, Path, Problem, Result};
use primitives::ProductId;
use serde::Deserialize;
use utoipa::ToSchema;

use super::access::{self as reviewing, Insight};
use super::view::Review;
use crate::app::AppState;
use crate::domain::text::{Rating, ReviewBody, ReviewTitle};
use crate::http::{access, precondition};
use crate::store::reviews::Content;
use crate::store::{products, purchases};
use crate::workflows::reviews;

/// What a buyer says.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WriteReview {
    rating: Rating,
    title: ReviewTitle,
    body: ReviewBody,
}

impl WriteReview {
    pub(super) fn content(&self) -> Content<'_> {
        Content {
            rating: self.rating.get(),
            title: &self.title,
            body: &self.body,
        }
    }
}

/// Reviews a product, once, by who bought it. The product's average changes in the same transaction, unless the shop looks at reviews before
/// they are shown: then the answer's `status` is `pending`.
#[utoipa::path(
    post, path = "/api/products/{id}/reviews", tag = "reviews", security(("bearer" = [])),
    params(("id" = ProductId, Path)),
    request_body = WriteReview,
    responses(
        (status = 201, body = Review),
        (status = 401, body = Problem),
        (status = 403, description = "`not_a_buyer`, `own_product`", body = Problem),
        (status = 404, body = Problem),
        (status = 409, description = "`already_reviewed`", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
    )
)]
pub(crate) async fn create_review(
    State(state): State<AppState>,
    User(user): User,
    Path(product): Path<ProductId>,
    Json(body): Json<WriteReview>,
) -> Result<Response> {
    let cx = &state.context;
    let mut tx = cx.pool.begin().await?;
    access::check_visible(&mut tx, product, Some(&user)).await?;
    // Also keeps an order that is being cancelled from passing by.
    let locked = products::lock(&mut tx, product)
        .await?
        .ok_or_else(access::not_found)?;
    if locked.seller_id == user.user_id {
        return Err(Error::forbidden(
            "own_product",
            "Nobody reviews what they sell themselves.",
        ));
    }
    if !purchases::exists(&mut tx, user.user_id, product).await? {
        return Err(Error::forbidden(
            "not_a_buyer",
            "Only who bought a product may review it.",
        ));
    }
    let id = reviews::create(
        &mut tx,
        cx,
        state.reviews_moderation,
        product,
        &user,
        body.content(),
    )
    .await
    .on_constraint("reviews_one_per_buyer", || {
        Error::conflict(
            "already_reviewed",
            "You have reviewed this product already.",
        )
    })?;
    let written = reviewing::find_visible(&mut tx, id, Some(&user)).await?;
    tx.commit().await?;
    let review = Review::new(written, Insight::of(Some(&user)));
    precondition::written(StatusCode::CREATED, review.version, &review)
}
