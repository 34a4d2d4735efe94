//! `DELETE /api/reviews/{id}`

use auth_token::User;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Path, Problem, Result};
use primitives::ReviewId;

use super::access;
use crate::app::AppState;
use crate::http::precondition::Expected;
use crate::workflows::reviews;

/// Takes one's own review back, with its answer and its votes. The product may be reviewed anew; if the review was not public, the next one
/// waits for staff.
#[utoipa::path(
    delete, path = "/api/reviews/{id}", tag = "reviews", security(("bearer" = [])),
    params(("id" = ReviewId, Path), ("If-Match" = Option<String>, Header, description = "The `ETag` that was read, or `\"<version>\"`")),
    responses(
        (status = 204),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 412, description = "`stale_version`", body = Problem),
    )
)]
pub(crate) async fn delete_review(
    State(state): State<AppState>,
    User(user): User,
    Path(id): Path<ReviewId>,
    Expected(expected): Expected,
) -> Result<StatusCode> {
    let cx = &state.context;
    let mut tx = cx.pool.begin().await?;
    let locked = access::lock_own(&mut tx, id, &user).await?;
    expected.check(locked.version)?;
    reviews::delete(&mut tx, cx, &locked).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
