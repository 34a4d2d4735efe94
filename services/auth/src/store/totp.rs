use primitives::{Timestamp, UserId};
use sqlx::{PgConnection, Result};

/// What a code is compared with.
pub(crate) struct Secret {
    pub(crate) sealed: Vec<u8>,
    pub(crate) last_step: i64,
}

pub(crate) async fn find(db: &mut PgConnection, user: UserId) -> Result<Option<Secret>> {
    sqlx::query_as!(
        Secret,
        "SELECT sealed, last_step FROM totp_secrets WHERE user_id = $1",
        user.uuid(),
    )
    .fetch_optional(db)
    .await
}

pub(crate) async fn set(
    db: &mut PgConnection,
    user: UserId,
    secret: &Secret,
    now: Timestamp,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO totp_secrets (user_id, sealed, last_step, confirmed_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (user_id) DO UPDATE SET sealed = excluded.sealed, last_step = excluded.last_step, confirmed_at = excluded.confirmed_at",
        user.uuid(),
        secret.sealed,
        secret.last_step,
        now as Timestamp,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Uses a step up, if no later one was used; whether it was good.
pub(crate) async fn use_step(db: &mut PgConnection, user: UserId, step: i64) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE totp_secrets SET last_step = $2 WHERE user_id = $1 AND last_step < $2",
        user.uuid(),
        step,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Whether there was one.
pub(crate) async fn remove(db: &mut PgConnection, user: UserId) -> Result<bool> {
    let done = sqlx::query!("DELETE FROM totp_secrets WHERE user_id = $1", user.uuid());
    Ok(done.execute(db).await?.rows_affected() == 1)
}

/// Remembers a secret that waits for its first code, instead of an earlier one.
pub(crate) async fn begin(
    db: &mut PgConnection,
    user: UserId,
    sealed: &[u8],
    expires_at: Timestamp,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO totp_enrolments (user_id, sealed, expires_at) VALUES ($1, $2, $3)
         ON CONFLICT (user_id) DO UPDATE SET sealed = excluded.sealed, expires_at = excluded.expires_at",
        user.uuid(),
        sealed,
        expires_at as Timestamp,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The secret that waits for its first code.
pub(crate) async fn begun(
    db: &mut PgConnection,
    user: UserId,
    now: Timestamp,
) -> Result<Option<Vec<u8>>> {
    sqlx::query_scalar!(
        "SELECT sealed FROM totp_enrolments WHERE user_id = $1 AND expires_at > $2",
        user.uuid(),
        now as Timestamp,
    )
    .fetch_optional(db)
    .await
}

pub(crate) async fn forget_begun(db: &mut PgConnection, user: UserId) -> Result<()> {
    sqlx::query!(
        "DELETE FROM totp_enrolments WHERE user_id = $1",
        user.uuid()
    )
    .execute(db)
    .await?;
    Ok(())
}
