//! `idempotency_keys`: answers that a repeated request gets again.

use primitives::Timestamp;
use serde_json::Value;
use sqlx::PgConnection;

/// A saved answer.
#[derive(Debug)]
pub(crate) struct Saved {
    pub(crate) body_hash: Vec<u8>,
    pub(crate) body: Value,
}

/// Waits for who else uses the caller's key now, and keeps others waiting until the transaction ends.
pub(crate) async fn lock(
    tx: &mut PgConnection,
    caller: &str,
    key: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "SELECT pg_advisory_xact_lock(hashtextextended($1 || ' ' || $2, 0))",
        caller,
        key
    )
    .execute(tx)
    .await
    .map(drop)
}

/// What a caller's key was answered with.
pub(crate) async fn find(
    conn: &mut PgConnection,
    caller: &str,
    key: &str,
) -> Result<Option<Saved>, sqlx::Error> {
    sqlx::query_as!(
        Saved,
        "SELECT body_hash, body FROM idempotency_keys WHERE caller = $1 AND key = $2",
        caller,
        key
    )
    .fetch_optional(conn)
    .await
}

/// Saves an answer in the transaction of its effect; `idempotency_keys_once` if somebody else was faster.
pub(crate) async fn save(
    conn: &mut PgConnection,
    caller: &str,
    key: &str,
    body_hash: &[u8],
    status: u16,
    body: &Value,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO idempotency_keys (caller, key, body_hash, status, body, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
        caller,
        key,
        body_hash,
        i32::from(status),
        body,
        now as Timestamp,
    )
    .execute(conn)
    .await
    .and_then(|done| super::exactly_one(&done))
}

/// Deletes answers that nobody will ask for again; how many.
pub(crate) async fn forget_before(
    conn: &mut PgConnection,
    oldest: Timestamp,
) -> Result<usize, sqlx::Error> {
    let done = sqlx::query!(
        "DELETE FROM idempotency_keys WHERE created_at < $1",
        oldest as Timestamp
    )
    .execute(conn)
    .await?;
    Ok(usize::try_from(done.rows_affected()).unwrap_or(usize::MAX))
}
