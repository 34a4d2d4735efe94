//! Addresses, which several accounts may claim until one has verified it.

use auth_token::Role;
use primitives::{EmailAddress, Timestamp, UserId};
use sqlx::{PgConnection, Result};

use crate::domain::user::User;

/// The salt of all passwords of an address: `new` if it has none yet.
pub(crate) async fn salt(
    db: &mut PgConnection,
    email: &EmailAddress,
    new: &[u8],
    now: Timestamp,
) -> Result<Vec<u8>> {
    // The update changes nothing, but answers the row that is there already.
    sqlx::query_scalar!(
        "INSERT INTO address_salts (email, salt, created_at) VALUES ($1, $2, $3)
         ON CONFLICT (email) DO UPDATE SET email = excluded.email RETURNING salt",
        email.as_str(),
        new,
        now as Timestamp,
    )
    .fetch_one(db)
    .await
}

/// Gives an address the salt of the account that took it over.
pub(crate) async fn set_salt(
    db: &mut PgConnection,
    email: &EmailAddress,
    salt: &[u8],
    now: Timestamp,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO address_salts (email, salt, created_at) VALUES ($1, $2, $3)
         ON CONFLICT (email) DO UPDATE SET salt = excluded.salt, created_at = excluded.created_at",
        email.as_str(),
        salt,
        now as Timestamp,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Who has verified the address.
pub(crate) async fn owner(db: &mut PgConnection, email: &EmailAddress) -> Result<Option<User>> {
    sqlx::query_as!(
        User,
        r#"SELECT id AS "id: UserId", email AS "email: EmailAddress", email_verified_at, name, role AS "role: Role", disabled_at, disabled_reason, created_at, version
             FROM users WHERE email = $1 AND email_verified_at IS NOT NULL"#,
        email.as_str(),
    )
    .fetch_optional(db)
    .await
}

/// How many accounts were opened with the address since a moment.
pub(crate) async fn count_since(
    db: &mut PgConnection,
    email: &EmailAddress,
    since: Timestamp,
) -> Result<i64> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM users WHERE email = $1 AND created_at > $2"#,
        email.as_str(),
        since as Timestamp,
    )
    .fetch_one(db)
    .await
}

/// Whether several accounts claim the address and none has verified it.
pub(crate) async fn is_disputed(db: &mut PgConnection, email: &EmailAddress) -> Result<bool> {
    sqlx::query_scalar!(
        r#"SELECT count(*) > 1 AND count(email_verified_at) = 0 AS "disputed!" FROM users WHERE email = $1"#,
        email.as_str(),
    )
    .fetch_one(db)
    .await
}

/// Removes some customers whose claim is lost, because another has verified the address, and who have not used their
/// account since a moment; who they were.
pub(crate) async fn remove_lost(
    db: &mut PgConnection,
    unused_since: Timestamp,
) -> Result<Vec<UserId>> {
    sqlx::query_scalar!(
        r#"DELETE FROM users WHERE id IN (
             SELECT u.id FROM users u JOIN users owner ON owner.email = u.email AND owner.email_verified_at < $1
              WHERE u.email_verified_at IS NULL AND u.role = 'customer' AND u.disabled_at IS NULL AND u.created_at < $1
                AND NOT EXISTS (SELECT FROM sessions s WHERE s.user_id = u.id AND s.last_used_at >= $1)
              ORDER BY u.id LIMIT 100 FOR UPDATE OF u SKIP LOCKED)
        RETURNING id AS "id: UserId""#,
        unused_since as Timestamp,
    )
    .fetch_all(db)
    .await
}

/// Forgets the salts of addresses that no account has. Those made since a moment stay: a registration may be on its way.
pub(crate) async fn forget_salts(db: &mut PgConnection, before: Timestamp) -> Result<u64> {
    let done = sqlx::query!(
        "DELETE FROM address_salts s
          WHERE created_at < $1 AND NOT EXISTS (SELECT FROM users u WHERE u.email = s.email)",
        before as Timestamp,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
