//! `PUT|DELETE /api/reviews/{id}/reply`

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use http_kit::{Json, Path, Problem, Result};
use primitives::ReviewId;
use serde::Deserialize;
use utoipa::ToSchema;

use super::access::{self, Answerer, Insight};
use super::view::Review;
use crate::app::AppState;
use crate::domain::text::ReplyBody;
use crate::http::precondition;
use crate::workflows::reviews;

/// What is answered to a review.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WriteReply {
    body: ReplyBody,
}

/// Answers a review, for the product's seller (`from: seller`) and for staff (`from: shop`). There is one answer; the next takes its place.
#[utoipa::path(
    put, path = "/api/reviews/{id}/reply", tag = "reviews", security(("bearer" = [])),
    params(("id" = ReviewId, Path)),
    request_body = WriteReply,
    responses(
        (status = 200, body = Review),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
    )
)]
pub(crate) async fn reply_to_review(
    State(state): State<AppState>,
    answerer: Answerer,
    Path(id): Path<ReviewId>,
    Json(body): Json<WriteReply>,
) -> Result<Response> {
    reply(&state, &answerer, id, Some(&body.body)).await
}

/// Takes the answer to a review away.
#[utoipa::path(
    delete, path = "/api/reviews/{id}/reply", tag = "reviews", security(("bearer" = [])),
    params(("id" = ReviewId, Path)),
    responses(
        (status = 200, body = Review),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
    )
)]
pub(crate) async fn delete_reply(
    State(state): State<AppState>,
    answerer: Answerer,
    Path(id): Path<ReviewId>,
) -> Result<Response> {
    reply(&state, &answerer, id, None).await
}

async fn reply(
    state: &AppState,
    answerer: &Answerer,
    id: ReviewId,
    body: Option<&str>,
) -> Result<Response> {
    let cx = &state.context;
    let mut tx = cx.pool.begin().await?;
    let (locked, as_whom) = access::lock_to_answer(&mut tx, id, answerer).await?;
    reviews::reply(&mut tx, cx, &locked, (&answerer.0, as_whom), body).await?;
    let insight = Insight::of(Some(&answerer.0));
    let written = crate::store::reviews::find(&mut tx, id, insight.viewer())
        .await?
        .ok_or_else(access::not_found)?;
    tx.commit().await?;
    let review = Review::new(written, insight);
    precondition::written(StatusCode::OK, review.version, &review)
}
