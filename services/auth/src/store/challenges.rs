use auth_token::Method;
use primitives::{Timestamp, UserId};
use sqlx::{PgConnection, Result};

/// What a sign-in that waits for its second factor has proved so far.
pub(crate) struct Challenge {
    pub(crate) methods: Vec<Method>,
    pub(crate) failures: i32,
}

pub(crate) async fn insert(
    db: &mut PgConnection,
    hash: &[u8],
    user: UserId,
    methods: &[Method],
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<()> {
    let words: Vec<String> = methods.iter().map(|m| m.as_str().to_owned()).collect();
    sqlx::query!(
        "INSERT INTO sign_in_challenges (token_hash, user_id, methods, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)",
        hash,
        user.uuid(),
        &words,
        now as Timestamp,
        expires_at as Timestamp,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Whose sign-in waits. Who goes on with it locks the user before the challenge, as everything here does.
pub(crate) async fn owner(db: &mut PgConnection, hash: &[u8]) -> Result<Option<UserId>> {
    sqlx::query_scalar!(
        r#"SELECT user_id AS "user_id: UserId" FROM sign_in_challenges WHERE token_hash = $1"#,
        hash,
    )
    .fetch_optional(db)
    .await
}

/// The challenge, if it still waits.
pub(crate) async fn lock(
    db: &mut PgConnection,
    hash: &[u8],
    now: Timestamp,
) -> Result<Option<Challenge>> {
    let row = sqlx::query!(
        "SELECT methods, failures FROM sign_in_challenges WHERE token_hash = $1 AND used_at IS NULL AND expires_at > $2 FOR UPDATE",
        hash,
        now as Timestamp,
    );
    Ok(row.fetch_optional(db).await?.map(|row| Challenge {
        methods: row
            .methods
            .iter()
            .filter_map(|word| word.parse().ok())
            .collect(),
        failures: row.failures,
    }))
}

pub(crate) async fn count_failure(db: &mut PgConnection, hash: &[u8]) -> Result<()> {
    sqlx::query!(
        "UPDATE sign_in_challenges SET failures = failures + 1 WHERE token_hash = $1",
        hash,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn use_up(db: &mut PgConnection, hash: &[u8], now: Timestamp) -> Result<()> {
    sqlx::query!(
        "UPDATE sign_in_challenges SET used_at = $2 WHERE token_hash = $1",
        hash,
        now as Timestamp,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Ends all sign-ins of a user that wait.
pub(crate) async fn end_all(db: &mut PgConnection, user: UserId, now: Timestamp) -> Result<()> {
    sqlx::query!(
        "UPDATE sign_in_challenges SET used_at = $2 WHERE user_id = $1 AND used_at IS NULL",
        user.uuid(),
        now as Timestamp,
    )
    .execute(db)
    .await?;
    Ok(())
}
