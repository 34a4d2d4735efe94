//! `PUT /api/reviews/{id}`

use auth_token::User;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use http_kit::{Json, Path, Problem, Result};
use primitives::ReviewId;

use super::access::{self, Insight};
use super::create::WriteReview;
use super::view::Review;
use crate::app::AppState;
use crate::http::precondition::{self, Expected};
use crate::workflows::reviews;

/// Says one's own review anew. What staff have hidden then waits for them, and so does every change where the shop looks at reviews
/// before they are shown.
#[utoipa::path(
    put, path = "/api/reviews/{id}", tag = "reviews", security(("bearer" = [])),
    params(("id" = ReviewId, Path), ("If-Match" = String, Header, description = "The `ETag` that was read, or `\"<version>\"`")),
    request_body = WriteReview,
    responses(
        (status = 200, body = Review),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 412, description = "`stale_version`", body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
        (status = 428, description = "`precondition_required`", body = Problem),
    )
)]
pub(crate) async fn update_review(
    State(state): State<AppState>,
    User(user): User,
    Path(id): Path<ReviewId>,
    Expected(expected): Expected,
    Json(body): Json<WriteReview>,
) -> Result<Response> {
    let cx = &state.context;
    let mut tx = cx.pool.begin().await?;
    let locked = access::lock_own(&mut tx, id, &user).await?;
    expected.required()?;
    expected.check(locked.version)?;
    reviews::edit(
        &mut tx,
        cx,
        state.reviews_moderation,
        &locked,
        body.content(),
    )
    .await?;
    let written = access::find_visible(&mut tx, id, Some(&user)).await?;
    tx.commit().await?;
    let review = Review::new(written, Insight::of(Some(&user)));
    precondition::written(StatusCode::OK, review.version, &review)
}
