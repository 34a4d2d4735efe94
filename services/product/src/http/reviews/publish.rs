//! `POST /api/reviews/{id}/publish`

use auth_token::Staff;
use auth_token::permissions::ModerateReviews;
use axum::extract::State;
use axum::response::Response;
use http_kit::{Json, Path, Problem, Result};
use primitives::ReviewId;
use serde::Deserialize;
use utoipa::ToSchema;

use super::hide::moderate;
use super::view::Review;
use crate::app::AppState;
use crate::domain::review::Status;
use crate::domain::text::Reason;

/// Why a review is shown again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PublishReview {
    /// The author reads it.
    reason: Option<Reason>,
}

/// Shows a review that was hidden, or that waits for staff. What is published already stays as it is.
#[utoipa::path(
    post, path = "/api/reviews/{id}/publish", tag = "reviews", security(("bearer" = [])),
    params(("id" = ReviewId, Path)),
    request_body = Option<PublishReview>,
    responses(
        (status = 200, body = Review),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 422, description = "`validation_failed`", body = Problem),
    )
)]
pub(crate) async fn publish_review(
    State(state): State<AppState>,
    staff: Staff<ModerateReviews>,
    Path(id): Path<ReviewId>,
    body: Option<Json<PublishReview>>,
) -> Result<Response> {
    let reason = body.and_then(|Json(body)| body.reason);
    let who = (&staff.principal, &staff.acting());
    moderate(&state, who, id, Status::Published, reason.as_deref()).await
}
