use primitives::{EmailAddress, Timestamp, UserId};
use sqlx::{PgConnection, Result};

/// What a password given at sign-in is compared with.
pub(crate) struct Stored {
    pub(crate) user_id: UserId,
    pub(crate) password_hash: String,
    pub(crate) disabled: bool,
}

/// How many accounts of one address a password is compared with. Their number costs next to nothing, because they share a
/// salt; this bounds what somebody could pile up over months.
const CANDIDATES: i64 = 1000;

/// The passwords of all accounts that claim the address: that of who has verified it first, then the newest.
pub(crate) async fn find_by_email(
    db: &mut PgConnection,
    email: &EmailAddress,
) -> Result<Vec<Stored>> {
    sqlx::query_as!(
        Stored,
        r#"SELECT c.user_id AS "user_id: UserId", c.password_hash, (u.disabled_at IS NOT NULL) AS "disabled!"
             FROM users u JOIN credentials c ON c.user_id = u.id
            WHERE u.email = $1 ORDER BY (u.email_verified_at IS NOT NULL) DESC, u.id DESC LIMIT $2"#,
        email.as_str(),
        CANDIDATES,
    )
    .fetch_all(db)
    .await
}

pub(crate) async fn find(db: &mut PgConnection, user: UserId) -> Result<Option<String>> {
    sqlx::query_scalar!(
        "SELECT password_hash FROM credentials WHERE user_id = $1",
        user.uuid()
    )
    .fetch_optional(db)
    .await
}

pub(crate) async fn set(
    db: &mut PgConnection,
    user: UserId,
    password_hash: &str,
    now: Timestamp,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO credentials (user_id, password_hash, changed_at) VALUES ($1, $2, $3)
         ON CONFLICT (user_id) DO UPDATE SET password_hash = excluded.password_hash, changed_at = excluded.changed_at",
        user.uuid(),
        password_hash,
        now as Timestamp,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Replaces the password if it is still the one that was read; whether it was.
pub(crate) async fn replace(
    db: &mut PgConnection,
    user: UserId,
    old_hash: &str,
    new_hash: &str,
    now: Timestamp,
) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE credentials SET password_hash = $3, changed_at = $4 WHERE user_id = $1 AND password_hash = $2",
        user.uuid(),
        old_hash,
        new_hash,
        now as Timestamp,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}
