use primitives::{IdentityId, SessionId, Timestamp, UserId};
use sqlx::{PgConnection, Result};

/// Who somebody is at a provider.
#[derive(Clone, Debug)]
pub(crate) struct IdentityKey {
    /// The provider's name in paths.
    pub(crate) provider: String,
    pub(crate) issuer: String,
    pub(crate) subject: String,
}

/// A user's way to sign in by a provider.
pub(crate) struct Identity {
    pub(crate) id: IdentityId,
    pub(crate) user_id: UserId,
    pub(crate) provider: String,
    pub(crate) created_at: Timestamp,
    pub(crate) last_used_at: Timestamp,
    /// When the newest claims were issued that were seen.
    pub(crate) claims_at: Timestamp,
    /// The session of the provider's own tokens.
    pub(crate) token_session_id: Option<SessionId>,
}

/// Keeps others from making a user for the same identity until the transaction ends.
pub(crate) async fn lock_key(db: &mut PgConnection, key: &IdentityKey) -> Result<()> {
    sqlx::query!(
        "SELECT pg_advisory_xact_lock(hashtextextended($1 || ' ' || $2, 0))",
        key.issuer,
        key.subject
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn find(db: &mut PgConnection, key: &IdentityKey) -> Result<Option<Identity>> {
    sqlx::query_as!(
        Identity,
        r#"SELECT id AS "id: IdentityId", user_id AS "user_id: UserId", provider, created_at, last_used_at, claims_at,
                  token_session_id AS "token_session_id: SessionId"
             FROM external_identities WHERE issuer = $1 AND subject = $2"#,
        key.issuer,
        key.subject,
    )
    .fetch_optional(db)
    .await
}

/// Of a user, the oldest first.
pub(crate) async fn list(db: &mut PgConnection, user: UserId) -> Result<Vec<Identity>> {
    sqlx::query_as!(
        Identity,
        r#"SELECT id AS "id: IdentityId", user_id AS "user_id: UserId", provider, created_at, last_used_at, claims_at,
                  token_session_id AS "token_session_id: SessionId"
             FROM external_identities WHERE user_id = $1 ORDER BY id LIMIT 100"#,
        user.uuid(),
    )
    .fetch_all(db)
    .await
}

pub(crate) async fn insert(
    db: &mut PgConnection,
    id: IdentityId,
    user: UserId,
    key: &IdentityKey,
    now: Timestamp,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO external_identities (id, user_id, provider, issuer, subject, created_at, last_used_at, claims_at)
         VALUES ($1, $2, $3, $4, $5, $6, $6, 'epoch')",
        id.uuid(),
        user.uuid(),
        key.provider,
        key.issuer,
        key.subject,
        now as Timestamp,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn touch(db: &mut PgConnection, id: IdentityId, now: Timestamp) -> Result<()> {
    sqlx::query!(
        "UPDATE external_identities SET last_used_at = $2 WHERE id = $1",
        id.uuid(),
        now as Timestamp,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Notes the claims that were seen last.
pub(crate) async fn set_claims_at(
    db: &mut PgConnection,
    id: IdentityId,
    claims_at: Timestamp,
) -> Result<()> {
    sqlx::query!(
        "UPDATE external_identities SET claims_at = $2 WHERE id = $1",
        id.uuid(),
        claims_at as Timestamp,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The session of the provider's own tokens from now on.
pub(crate) async fn set_token_session(
    db: &mut PgConnection,
    id: IdentityId,
    session: SessionId,
) -> Result<()> {
    sqlx::query!(
        "UPDATE external_identities SET token_session_id = $2 WHERE id = $1",
        id.uuid(),
        session.uuid(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Removes a user's identity; whether there was one.
pub(crate) async fn delete(db: &mut PgConnection, user: UserId, id: IdentityId) -> Result<bool> {
    let done = sqlx::query!(
        "DELETE FROM external_identities WHERE id = $1 AND user_id = $2",
        id.uuid(),
        user.uuid(),
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Removes all identities of a user, those that wait for an agreement, and sign-ins by them that are under way.
pub(crate) async fn remove_all(db: &mut PgConnection, user: UserId) -> Result<()> {
    sqlx::query!(
        "WITH identities AS (DELETE FROM external_identities WHERE user_id = $1),
              links AS (DELETE FROM oidc_links WHERE user_id = $1)
         DELETE FROM oidc_sign_in_codes WHERE user_id = $1",
        user.uuid(),
    )
    .execute(db)
    .await?;
    Ok(())
}
