//! What waits while a browser is on its way: to a provider, back to a page, or for its owner's consent.

use primitives::{Timestamp, UserId};
use sqlx::{PgConnection, Result};

use super::identities::IdentityKey;

/// A browser that comes back.
pub(crate) struct Request {
    pub(crate) return_to: Option<String>,
    /// Whether a new proof was asked for.
    pub(crate) fresh: bool,
}

#[derive(Clone, Copy)]
pub(crate) struct NewRequest<'a> {
    pub(crate) state_hash: &'a [u8],
    pub(crate) browser_hash: &'a [u8],
    pub(crate) provider: &'a str,
    pub(crate) return_to: Option<&'a str>,
    pub(crate) fresh: bool,
}

pub(crate) async fn insert_request(
    db: &mut PgConnection,
    request: NewRequest<'_>,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO oidc_requests (state_hash, browser_hash, provider, return_to, fresh, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        request.state_hash,
        request.browser_hash,
        request.provider,
        request.return_to,
        request.fresh,
        now as Timestamp,
        expires_at as Timestamp,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Uses a request up, if this browser made it.
pub(crate) async fn take_request(
    db: &mut PgConnection,
    state_hash: &[u8],
    browser_hash: &[u8],
    provider: &str,
    now: Timestamp,
) -> Result<Option<Request>> {
    sqlx::query_as!(
        Request,
        "DELETE FROM oidc_requests WHERE state_hash = $1 AND browser_hash = $2 AND provider = $3 AND expires_at > $4 RETURNING return_to, fresh",
        state_hash,
        browser_hash,
        provider,
        now as Timestamp,
    )
    .fetch_optional(db)
    .await
}

/// A sign-in whose tokens are still to be fetched.
pub(crate) struct SignIn {
    pub(crate) second_factor: bool,
    pub(crate) authenticated_at: Timestamp,
}

pub(crate) async fn insert_code(
    db: &mut PgConnection,
    hash: &[u8],
    user: UserId,
    sign_in: &SignIn,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO oidc_sign_in_codes (code_hash, user_id, second_factor, authenticated_at, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)",
        hash,
        user.uuid(),
        sign_in.second_factor,
        sign_in.authenticated_at as Timestamp,
        now as Timestamp,
        expires_at as Timestamp,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Whose sign-in it is, so that their row is locked first.
pub(crate) async fn owner_of_code(db: &mut PgConnection, hash: &[u8]) -> Result<Option<UserId>> {
    sqlx::query_scalar!(
        r#"SELECT user_id AS "user_id: UserId" FROM oidc_sign_in_codes WHERE code_hash = $1"#,
        hash
    )
    .fetch_optional(db)
    .await
}

/// Uses a code up.
pub(crate) async fn take_code(
    db: &mut PgConnection,
    hash: &[u8],
    now: Timestamp,
) -> Result<Option<SignIn>> {
    sqlx::query_as!(
        SignIn,
        "DELETE FROM oidc_sign_in_codes WHERE code_hash = $1 AND expires_at > $2 RETURNING second_factor, authenticated_at",
        hash,
        now as Timestamp,
    )
    .fetch_optional(db)
    .await
}

/// Notes that an identity waits for the consent of a user.
pub(crate) async fn insert_link(
    db: &mut PgConnection,
    hash: &[u8],
    user: UserId,
    key: &IdentityKey,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO oidc_links (token_hash, user_id, provider, issuer, subject, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        hash,
        user.uuid(),
        key.provider,
        key.issuer,
        key.subject,
        now as Timestamp,
        expires_at as Timestamp,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Uses a link up, if it waited for this user.
pub(crate) async fn take_link(
    db: &mut PgConnection,
    hash: &[u8],
    user: UserId,
    now: Timestamp,
) -> Result<Option<IdentityKey>> {
    sqlx::query_as!(
        IdentityKey,
        "DELETE FROM oidc_links WHERE token_hash = $1 AND user_id = $2 AND expires_at > $3 RETURNING provider, issuer, subject",
        hash,
        user.uuid(),
        now as Timestamp,
    )
    .fetch_optional(db)
    .await
}

/// Forgets what nobody came back for.
pub(crate) async fn forget_expired(db: &mut PgConnection, now: Timestamp) -> Result<u64> {
    let requests = sqlx::query!(
        "DELETE FROM oidc_requests WHERE expires_at < $1",
        now as Timestamp
    );
    let mut rows = requests.execute(&mut *db).await?.rows_affected();
    let codes = sqlx::query!(
        "DELETE FROM oidc_sign_in_codes WHERE expires_at < $1",
        now as Timestamp
    );
    rows += codes.execute(&mut *db).await?.rows_affected();
    let links = sqlx::query!(
        "DELETE FROM oidc_links WHERE expires_at < $1",
        now as Timestamp
    );
    rows += links.execute(&mut *db).await?.rows_affected();
    Ok(rows)
}
