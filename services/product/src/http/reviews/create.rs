//! `POST /api/products/{id}/reviews`

use auth_token::User;
use axum::extract::State;
use axum::http::StatusCode;
use contracts::events::ReviewCreated;
use http_kit::{Error, Json, OnConstraint as _, Path, Problem, Result};
use primitives::{ProductId, ReviewId};
use serde::Deserialize;
use utoipa::ToSchema;

use super::Review;
use crate::app::AppState;
use crate::domain::text::{Rating, ReviewBody, ReviewTitle};
use crate::http::access;
use crate::store::{purchases, reviews, search_documents};

/// What a buyer says.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateReview {
    rating: Rating,
    title: ReviewTitle,
    body: ReviewBody,
}

/// Reviews a product, once, by who bought it. The product's average changes in the same transaction.
#[utoipa::path(
    post, path = "/api/products/{id}/reviews", tag = "reviews", security(("bearer" = [])),
    params(("id" = ProductId, Path)),
    request_body = CreateReview,
    responses(
        (status = 201, body = Review),
        (status = 401, body = Problem),
        (status = 403, description = "`not_a_buyer`", body = Problem),
        (status = 404, body = Problem),
        (status = 409, description = "`already_reviewed`", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
    )
)]
pub(crate) async fn create_review(
    State(state): State<AppState>,
    User(user): User,
    Path(product_id): Path<ProductId>,
    Json(body): Json<CreateReview>,
) -> Result<(StatusCode, Json<Review>)> {
    let cx = &state.context;
    let mut tx = cx.pool.begin().await?;
    access::check_visible(&mut tx, product_id, Some(&user)).await?;
    if !purchases::exists(&mut tx, user.user_id, product_id).await? {
        return Err(Error::forbidden(
            "not_a_buyer",
            "Only who bought a product may review it.",
        ));
    }
    let new = reviews::New {
        id: ReviewId::new(cx.clock.now(), &cx.random),
        product_id,
        user_id: user.user_id,
        author_name: &user.name,
        rating: body.rating.get(),
        title: &body.title,
        body: &body.body,
    };
    let review = reviews::insert(&mut tx, new, &cx.clock)
        .await
        .on_constraint("reviews_one_per_buyer", || {
            Error::conflict(
                "already_reviewed",
                "You have reviewed this product already.",
            )
        })?;
    let created = ReviewCreated {
        review_id: review.id,
        product_id,
        user_id: user.user_id,
        rating: review.rating,
    };
    cx.publisher.publish(&mut tx, &created).await?;
    search_documents::refresh(&mut tx, &[product_id]).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(review.into())))
}
