use primitives::{Timestamp, UserId};
use sqlx::{PgConnection, Result};

/// How many are left.
pub(crate) async fn count(db: &mut PgConnection, user: UserId) -> Result<i64> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM recovery_codes WHERE user_id = $1 AND used_at IS NULL"#,
        user.uuid(),
    )
    .fetch_one(db)
    .await
}

/// Puts new ones in the place of all that there were.
pub(crate) async fn replace(
    db: &mut PgConnection,
    user: UserId,
    hashes: &[Vec<u8>],
    now: Timestamp,
) -> Result<()> {
    remove_all(&mut *db, user).await?;
    sqlx::query!(
        "INSERT INTO recovery_codes (user_id, code_hash, created_at) SELECT $1, hash, $3 FROM unnest($2::bytea[]) AS hash",
        user.uuid(),
        hashes,
        now as Timestamp,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Uses a code up, if it is good; whether it was.
pub(crate) async fn take(
    db: &mut PgConnection,
    user: UserId,
    hash: &[u8],
    now: Timestamp,
) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE recovery_codes SET used_at = $3 WHERE user_id = $1 AND code_hash = $2 AND used_at IS NULL",
        user.uuid(),
        hash,
        now as Timestamp,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(crate) async fn remove_all(db: &mut PgConnection, user: UserId) -> Result<()> {
    sqlx::query!("DELETE FROM recovery_codes WHERE user_id = $1", user.uuid())
        .execute(db)
        .await?;
    Ok(())
}
