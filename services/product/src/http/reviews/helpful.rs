//! `PUT|DELETE /api/reviews/{id}/helpful`

use auth_token::{Principal, User};
use axum::extract::State;
use http_kit::{Error, Json, Path, Problem, Result};
use primitives::ReviewId;
use serde::Serialize;
use utoipa::ToSchema;

use super::access;
use crate::app::AppState;
use crate::store::{review_votes, reviews};

/// Whom a review helped.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Helpful {
    /// How many people.
    helpful_count: i32,
    /// Whether you are among them.
    voted: bool,
}

/// Says that another's review helped. Once is enough: again changes nothing.
#[utoipa::path(
    put, path = "/api/reviews/{id}/helpful", tag = "reviews", security(("bearer" = [])),
    params(("id" = ReviewId, Path)),
    responses(
        (status = 200, body = Helpful),
        (status = 401, body = Problem),
        (status = 403, description = "`own_review`", body = Problem),
        (status = 404, body = Problem),
    )
)]
pub(crate) async fn vote_helpful(
    State(state): State<AppState>,
    User(user): User,
    Path(id): Path<ReviewId>,
) -> Result<Json<Helpful>> {
    vote(&state, &user, id, true).await
}

/// Takes that back.
#[utoipa::path(
    delete, path = "/api/reviews/{id}/helpful", tag = "reviews", security(("bearer" = [])),
    params(("id" = ReviewId, Path)),
    responses(
        (status = 200, body = Helpful),
        (status = 401, body = Problem),
        (status = 403, description = "`own_review`", body = Problem),
        (status = 404, body = Problem),
    )
)]
pub(crate) async fn unvote_helpful(
    State(state): State<AppState>,
    User(user): User,
    Path(id): Path<ReviewId>,
) -> Result<Json<Helpful>> {
    vote(&state, &user, id, false).await
}

async fn vote(
    state: &AppState,
    user: &Principal,
    id: ReviewId,
    helped: bool,
) -> Result<Json<Helpful>> {
    let cx = &state.context;
    let mut tx = cx.pool.begin().await?;
    // The lock makes the count exact, whoever else votes or deletes meanwhile.
    let locked = reviews::lock(&mut tx, id)
        .await?
        .ok_or_else(access::not_found)?;
    access::find_visible(&mut tx, id, Some(user)).await?;
    if locked.author == user.user_id {
        return Err(Error::forbidden(
            "own_review",
            "Nobody votes for their own review.",
        ));
    }
    if helped {
        review_votes::add(&mut tx, id, user.user_id, &cx.clock).await?;
    } else {
        review_votes::remove(&mut tx, id, user.user_id).await?;
    }
    let counted = reviews::find(&mut tx, id, Some(user.user_id))
        .await?
        .ok_or_else(access::not_found)?;
    tx.commit().await?;
    Ok(Json(Helpful {
        helpful_count: counted.helpful_count,
        voted: counted.voted,
    }))
}
