use std::collections::HashMap;

use primitives::{Timestamp, UserId};
use sqlx::{PgConnection, Result};

/// Asks for a deletion; one that was asked for before stays as it is. When it is due.
pub(crate) async fn request(
    db: &mut PgConnection,
    user: UserId,
    now: Timestamp,
    due_at: Timestamp,
) -> Result<Timestamp> {
    sqlx::query_scalar!(
        r#"INSERT INTO account_deletions AS d (user_id, requested_at, due_at) VALUES ($1, $2, $3)
           ON CONFLICT (user_id) DO UPDATE SET due_at = d.due_at RETURNING due_at AS "due_at: Timestamp""#,
        user.uuid(),
        now as Timestamp,
        due_at as Timestamp,
    )
    .fetch_one(db)
    .await
}

/// Whether there was one.
pub(crate) async fn take_back(db: &mut PgConnection, user: UserId) -> Result<bool> {
    let done = sqlx::query!(
        "DELETE FROM account_deletions WHERE user_id = $1",
        user.uuid()
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Which of these accounts are shut, waiting for their deletion.
pub(crate) async fn scheduled_among(
    db: &mut PgConnection,
    users: &[UserId],
) -> Result<Vec<UserId>> {
    let ids: Vec<uuid::Uuid> = users.iter().map(|id| id.uuid()).collect();
    sqlx::query_scalar!(
        r#"SELECT user_id AS "user_id: UserId" FROM account_deletions WHERE user_id = ANY($1)"#,
        &ids
    )
    .fetch_all(db)
    .await
}

/// Whether the account is shut, waiting for its deletion: what is no sign-in must not open it.
pub(crate) async fn is_scheduled(db: &mut PgConnection, user: UserId) -> Result<bool> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM account_deletions WHERE user_id = $1) AS "exists!""#,
        user.uuid()
    )
    .fetch_one(db)
    .await
}

/// Which of the users will be deleted, and when.
pub(crate) async fn of_users(
    db: &mut PgConnection,
    users: &[UserId],
) -> Result<HashMap<UserId, Timestamp>> {
    let ids: Vec<uuid::Uuid> = users.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query!(
        r#"SELECT user_id AS "user_id: UserId", due_at AS "due_at: Timestamp" FROM account_deletions WHERE user_id = ANY($1)"#,
        &ids
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.user_id, row.due_at))
        .collect())
}

/// Who is due, the longest first.
pub(crate) async fn due(db: &mut PgConnection, now: Timestamp, limit: i64) -> Result<Vec<UserId>> {
    sqlx::query_scalar!(
        r#"SELECT user_id AS "user_id: UserId" FROM account_deletions WHERE due_at <= $1 ORDER BY due_at LIMIT $2"#,
        now as Timestamp,
        limit,
    )
    .fetch_all(db)
    .await
}

/// Locks the account for good, unless another process has it or its owner came back.
pub(crate) async fn lock_due(db: &mut PgConnection, user: UserId, now: Timestamp) -> Result<bool> {
    let locked = sqlx::query_scalar!(
        "SELECT u.id FROM users u WHERE u.id = $1 FOR UPDATE SKIP LOCKED",
        user.uuid()
    )
    .fetch_optional(&mut *db)
    .await?;
    if locked.is_none() {
        return Ok(false);
    }
    // A statement of its own: it sees what was committed before the lock was had.
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM account_deletions WHERE user_id = $1 AND due_at <= $2) AS "due!""#,
        user.uuid(),
        now as Timestamp,
    )
    .fetch_one(db)
    .await
}

/// Deletes the account with everything that hangs on it.
pub(crate) async fn delete_user(db: &mut PgConnection, user: UserId) -> Result<()> {
    let done = sqlx::query!("DELETE FROM users WHERE id = $1", user.uuid())
        .execute(db)
        .await?;
    if done.rows_affected() == 1 {
        Ok(())
    } else {
        Err(sqlx::Error::RowNotFound)
    }
}

/// Whether somebody else can run the shop. Until the transaction ends nobody else finds out: two admins who leave at once would
/// each rely on the other. Taken after the lock of the user's row.
pub(crate) async fn another_admin_locked(db: &mut PgConnection, but: UserId) -> Result<bool> {
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtext('last admin'))")
        .execute(&mut *db)
        .await?;
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM users u WHERE u.role = 'admin' AND u.disabled_at IS NULL AND u.id <> $1
              AND NOT EXISTS (SELECT FROM account_deletions d WHERE d.user_id = u.id)) AS "exists!""#,
        but.uuid()
    )
    .fetch_one(db)
    .await
}
