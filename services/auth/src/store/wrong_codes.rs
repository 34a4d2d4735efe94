use primitives::{Timestamp, UserId};
use sqlx::{PgConnection, Result};

/// Wrong codes in a row.
pub(crate) struct Wrong {
    pub(crate) count: i32,
    /// The first of them.
    pub(crate) since: Timestamp,
}

pub(crate) async fn find(db: &mut PgConnection, user: UserId) -> Result<Option<Wrong>> {
    sqlx::query_as!(
        Wrong,
        "SELECT count, since FROM wrong_codes WHERE user_id = $1",
        user.uuid(),
    )
    .fetch_optional(db)
    .await
}

/// Counts one more; those from before `begin` are forgotten.
pub(crate) async fn count(
    db: &mut PgConnection,
    user: UserId,
    now: Timestamp,
    begin: Timestamp,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO wrong_codes (user_id, count, since) VALUES ($1, 1, $2)
         ON CONFLICT (user_id) DO UPDATE SET
           count = CASE WHEN wrong_codes.since > $3 THEN wrong_codes.count + 1 ELSE 1 END,
           since = CASE WHEN wrong_codes.since > $3 THEN wrong_codes.since ELSE excluded.since END",
        user.uuid(),
        now as Timestamp,
        begin as Timestamp,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn forget(db: &mut PgConnection, user: UserId) -> Result<()> {
    sqlx::query!("DELETE FROM wrong_codes WHERE user_id = $1", user.uuid())
        .execute(db)
        .await?;
    Ok(())
}
