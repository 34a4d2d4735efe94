use primitives::{SessionId, Timestamp, UserId};
use sqlx::{PgConnection, Result};

use super::sessions::Proof;

/// A refresh token that was once given out, with its session.
pub(crate) struct Stored {
    pub(crate) session_id: SessionId,
    pub(crate) used_at: Option<Timestamp>,
    pub(crate) revoked_at: Option<Timestamp>,
    pub(crate) session_began: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) proof: Proof,
}

pub(crate) async fn insert(
    db: &mut PgConnection,
    hash: &[u8],
    session: SessionId,
    now: Timestamp,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO refresh_tokens (token_hash, session_id, created_at) VALUES ($1, $2, $3)",
        hash,
        session.uuid(),
        now as Timestamp,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Whose token it is. Locks the user first, as everything that ends sessions does, so that nobody waits in a circle.
pub(crate) async fn lock_owner(db: &mut PgConnection, hash: &[u8]) -> Result<Option<UserId>> {
    sqlx::query_scalar!(
        r#"SELECT u.id AS "id: UserId" FROM users u
            WHERE u.id = (SELECT s.user_id FROM refresh_tokens t JOIN sessions s ON s.id = t.session_id WHERE t.token_hash = $1)
              FOR SHARE"#,
        hash,
    )
    .fetch_optional(db)
    .await
}

pub(crate) async fn lock(db: &mut PgConnection, hash: &[u8]) -> Result<Option<Stored>> {
    let row = sqlx::query!(
        r#"SELECT t.session_id AS "session_id: SessionId", t.used_at, s.revoked_at, s.created_at, s.expires_at, s.authenticated_at, s.methods
             FROM refresh_tokens t JOIN sessions s ON s.id = t.session_id WHERE t.token_hash = $1 FOR UPDATE"#,
        hash,
    );
    Ok(row.fetch_optional(db).await?.map(|row| Stored {
        session_id: row.session_id,
        used_at: row.used_at,
        revoked_at: row.revoked_at,
        session_began: row.created_at,
        expires_at: row.expires_at,
        proof: Proof::from_columns(row.authenticated_at, &row.methods),
    }))
}

pub(crate) async fn mark_used(db: &mut PgConnection, hash: &[u8], now: Timestamp) -> Result<()> {
    let done = sqlx::query!(
        "UPDATE refresh_tokens SET used_at = $2 WHERE token_hash = $1 AND used_at IS NULL",
        hash,
        now as Timestamp,
    )
    .execute(db)
    .await?;
    if done.rows_affected() == 1 {
        Ok(())
    } else {
        Err(sqlx::Error::RowNotFound)
    }
}

/// Uses up what tokens a session has left, because it gets new ones otherwise than by refreshing.
pub(crate) async fn use_up(
    db: &mut PgConnection,
    session: SessionId,
    now: Timestamp,
) -> Result<()> {
    sqlx::query!(
        "UPDATE refresh_tokens SET used_at = $2 WHERE session_id = $1 AND used_at IS NULL",
        session.uuid(),
        now as Timestamp,
    )
    .execute(db)
    .await?;
    Ok(())
}
