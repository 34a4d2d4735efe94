//! `POST /api/reviews/{id}/hide`

use auth_token::permissions::ModerateReviews;
use auth_token::{Acting, Principal, Staff};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use http_kit::{Json, Path, Problem, Result};
use primitives::ReviewId;
use serde::Deserialize;
use utoipa::ToSchema;

use super::access::{self, Insight};
use super::view::Review;
use crate::app::AppState;
use crate::domain::review::Status;
use crate::domain::text::Reason;
use crate::http::precondition;
use crate::workflows::reviews;

/// Why a review is hidden.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HideReview {
    /// The author reads it.
    reason: Reason,
}

/// Hides a review from all but its author, who reads why, and from the product's rating.
#[utoipa::path(
    post, path = "/api/reviews/{id}/hide", tag = "reviews", security(("bearer" = [])),
    params(("id" = ReviewId, Path)),
    request_body = HideReview,
    responses(
        (status = 200, body = Review),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
    )
)]
pub(crate) async fn hide_review(
    State(state): State<AppState>,
    staff: Staff<ModerateReviews>,
    Path(id): Path<ReviewId>,
    Json(body): Json<HideReview>,
) -> Result<Response> {
    let who = (&staff.principal, &staff.acting());
    moderate(&state, who, id, Status::Hidden, Some(&body.reason)).await
}

pub(super) async fn moderate(
    state: &AppState,
    (principal, acting): (&Principal, &Acting),
    id: ReviewId,
    status: Status,
    reason: Option<&str>,
) -> Result<Response> {
    let cx = &state.context;
    let mut tx = cx.pool.begin().await?;
    let locked = access::lock(&mut tx, id).await?;
    reviews::moderate(&mut tx, cx, acting, &locked, status, reason).await?;
    let written = access::find_visible(&mut tx, id, Some(principal)).await?;
    tx.commit().await?;
    let review = Review::new(written, Insight::of(Some(principal)));
    precondition::written(StatusCode::OK, review.version, &review)
}
