//! Whom reviews helped. A vote locks the review alone, so that its count is exact.

use primitives::{Clock, ReviewId, UserId};
use sqlx::PgConnection;

/// Notes that a review helped somebody. The review must be locked.
pub(crate) async fn add(
    db: &mut PgConnection,
    id: ReviewId,
    user: UserId,
    clock: &Clock,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"WITH voted AS (
             INSERT INTO review_votes (review_id, user_id, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING review_id
           )
           UPDATE reviews SET helpful_count = helpful_count + 1 WHERE id IN (SELECT review_id FROM voted)"#,
        id.uuid(),
        user.uuid(),
        clock.now() as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes a vote back. The review must be locked.
pub(crate) async fn remove(db: &mut PgConnection, id: ReviewId, user: UserId) -> sqlx::Result<()> {
    sqlx::query!(
        r#"WITH gone AS (DELETE FROM review_votes WHERE review_id = $1 AND user_id = $2 RETURNING review_id)
           UPDATE reviews SET helpful_count = helpful_count - 1 WHERE id IN (SELECT review_id FROM gone)"#,
        id.uuid(),
        user.uuid(),
    )
    .execute(db)
    .await?;
    Ok(())
}
