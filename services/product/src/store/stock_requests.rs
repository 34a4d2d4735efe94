//! Answers to requests, not of stock alone, for who asks again with the same `Idempotency-Key`.

use primitives::{Timestamp, UserId};
use serde_json::Value;
use sqlx::PgConnection;

/// A saved answer.
#[derive(Debug)]
pub(crate) struct Saved {
    pub(crate) body_hash: Vec<u8>,
    pub(crate) answer: Value,
}

/// What an actor's key was answered with.
pub(crate) async fn find(
    db: &mut PgConnection,
    actor: UserId,
    key: &str,
) -> sqlx::Result<Option<Saved>> {
    sqlx::query_as!(
        Saved,
        "SELECT body_hash, answer FROM stock_requests WHERE actor_id = $1 AND key = $2",
        actor.uuid(),
        key
    )
    .fetch_optional(db)
    .await
}

/// Saves an answer in the transaction of its effect; constraint `stock_requests_once` if somebody else was faster.
pub(crate) async fn save(
    db: &mut PgConnection,
    actor: UserId,
    key: &str,
    body_hash: &[u8],
    answer: &Value,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO stock_requests (actor_id, key, body_hash, answer, created_at) VALUES ($1, $2, $3, $4, $5)",
        actor.uuid(),
        key,
        body_hash,
        answer,
        now as _,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Deletes answers that nobody will ask for again.
pub(crate) async fn forget_before(db: &mut PgConnection, oldest: Timestamp) -> sqlx::Result<u64> {
    let done = sqlx::query!(
        "DELETE FROM stock_requests WHERE created_at < $1",
        oldest as _
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
