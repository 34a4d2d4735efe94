use primitives::{Timestamp, UserId};
use sqlx::{PgConnection, Result};

/// Remembers a device. Whether that is news: it was not known, and others were.
pub(crate) async fn remember(
    db: &mut PgConnection,
    user: UserId,
    fingerprint: &[u8],
    now: Timestamp,
) -> Result<bool> {
    sqlx::query_scalar!(
        r#"WITH remembered AS (
             INSERT INTO known_devices (user_id, fingerprint, first_seen_at, last_seen_at) VALUES ($1, $2, $3, $3)
             ON CONFLICT (user_id, fingerprint) DO UPDATE SET last_seen_at = excluded.last_seen_at
             RETURNING (xmax = 0) AS added)
           SELECT (added AND EXISTS (SELECT FROM known_devices WHERE user_id = $1)) AS "new!" FROM remembered"#,
        user.uuid(),
        fingerprint,
        now as Timestamp,
    )
    .fetch_one(db)
    .await
}

/// Forgets those not used since a moment.
pub(crate) async fn forget_before(db: &mut PgConnection, moment: Timestamp) -> Result<u64> {
    let done = sqlx::query!(
        "DELETE FROM known_devices WHERE last_seen_at < $1",
        moment as Timestamp
    );
    Ok(done.execute(db).await?.rows_affected())
}
