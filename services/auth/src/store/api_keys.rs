use primitives::{SessionId, Timestamp, UserId};
use sqlx::{PgConnection, Result};

use crate::domain::api_key::ApiKey;

pub(crate) async fn insert(db: &mut PgConnection, key: &ApiKey, hash: &[u8]) -> Result<()> {
    sqlx::query!(
        "INSERT INTO api_keys (id, user_id, name, prefix, key_hash, scopes, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        key.id.uuid(),
        key.user_id.uuid(),
        key.name,
        key.prefix,
        hash,
        &key.scopes,
        key.created_at as Timestamp,
        key.expires_at as Option<Timestamp>,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The newest first, those that are not good any more too.
pub(crate) async fn list(db: &mut PgConnection, user: UserId) -> Result<Vec<ApiKey>> {
    sqlx::query_as!(
        ApiKey,
        r#"SELECT id AS "id: SessionId", user_id AS "user_id: UserId", name, prefix, scopes, created_at, last_used_at, expires_at, revoked_at
             FROM api_keys WHERE user_id = $1 ORDER BY id DESC LIMIT 100"#,
        user.uuid(),
    )
    .fetch_all(db)
    .await
}

/// How many a user has that may still be used.
pub(crate) async fn count(db: &mut PgConnection, user: UserId, now: Timestamp) -> Result<i64> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM api_keys
            WHERE user_id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)"#,
        user.uuid(),
        now as Timestamp,
    )
    .fetch_one(db)
    .await
}

/// Whose key it is. Locks the user first, as everything that revokes does, so that nobody waits in a circle.
pub(crate) async fn lock_owner(db: &mut PgConnection, hash: &[u8]) -> Result<Option<UserId>> {
    sqlx::query_scalar!(
        r#"SELECT id AS "id: UserId" FROM users
            WHERE id = (SELECT user_id FROM api_keys WHERE key_hash = $1) FOR SHARE"#,
        hash,
    )
    .fetch_optional(db)
    .await
}

pub(crate) async fn find_by_hash(db: &mut PgConnection, hash: &[u8]) -> Result<Option<ApiKey>> {
    sqlx::query_as!(
        ApiKey,
        r#"SELECT id AS "id: SessionId", user_id AS "user_id: UserId", name, prefix, scopes, created_at, last_used_at, expires_at, revoked_at
             FROM api_keys WHERE key_hash = $1"#,
        hash,
    )
    .fetch_optional(db)
    .await
}

/// Notes that a key was used, unless that was noted since a moment.
pub(crate) async fn touch(
    db: &mut PgConnection,
    id: SessionId,
    now: Timestamp,
    unless_since: Timestamp,
) -> Result<()> {
    sqlx::query!(
        "UPDATE api_keys SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $3)",
        id.uuid(),
        now as Timestamp,
        unless_since as Timestamp,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Revokes one key of a user, or all; those that were not revoked before.
pub(crate) async fn revoke(
    db: &mut PgConnection,
    user: UserId,
    only: Option<SessionId>,
    now: Timestamp,
) -> Result<Vec<SessionId>> {
    sqlx::query_scalar!(
        r#"UPDATE api_keys SET revoked_at = $3 WHERE user_id = $1 AND revoked_at IS NULL AND ($2::uuid IS NULL OR id = $2)
        RETURNING id AS "id: SessionId""#,
        user.uuid(),
        only.map(SessionId::uuid),
        now as Timestamp,
    )
    .fetch_all(db)
    .await
}
