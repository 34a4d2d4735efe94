//! What repeated requests have brought about already.

use primitives::{Timestamp, UserId};
use sqlx::PgConnection;
use uuid::Uuid;

/// What a request made.
pub(crate) struct Made {
    pub(crate) body_hash: Vec<u8>,
    pub(crate) made: Uuid,
}

pub(crate) async fn find(
    conn: &mut PgConnection,
    user: UserId,
    key: &str,
) -> sqlx::Result<Option<Made>> {
    sqlx::query_as!(
        Made,
        "SELECT body_hash, made FROM idempotency_keys WHERE user_id = $1 AND key = $2",
        user.uuid(),
        key
    )
    .fetch_optional(conn)
    .await
}

/// In the transaction of the effect; `idempotency_keys_once` if the same request was faster.
pub(crate) async fn save(
    conn: &mut PgConnection,
    user: UserId,
    key: &str,
    body_hash: &[u8],
    made: Uuid,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO idempotency_keys (user_id, key, body_hash, made, created_at) VALUES ($1, $2, $3, $4, $5)",
        user.uuid(),
        key,
        body_hash,
        made,
        now as Timestamp
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Forgets what was made before then.
pub(crate) async fn prune(conn: &mut PgConnection, before: Timestamp) -> sqlx::Result<u64> {
    let done = sqlx::query!(
        "DELETE FROM idempotency_keys WHERE created_at < $1",
        before as Timestamp
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}
