use primitives::Timestamp;
use sqlx::{PgConnection, Result};

/// Forgets what can no longer matter: sessions and tokens that ended before a moment. The number of rows.
pub(crate) async fn forget_before(db: &mut PgConnection, moment: Timestamp) -> Result<u64> {
    let sessions = sqlx::query!(
        "DELETE FROM sessions WHERE expires_at < $1 OR revoked_at < $1",
        moment as Timestamp
    );
    let mut rows = sessions.execute(&mut *db).await?.rows_affected();
    let used = sqlx::query!(
        "DELETE FROM refresh_tokens WHERE used_at < $1",
        moment as Timestamp
    );
    rows += used.execute(&mut *db).await?.rows_affected();
    let links = sqlx::query!(
        "DELETE FROM one_time_tokens WHERE expires_at < $1",
        moment as Timestamp
    );
    rows += links.execute(&mut *db).await?.rows_affected();
    let challenges = sqlx::query!(
        "DELETE FROM sign_in_challenges WHERE expires_at < $1",
        moment as Timestamp
    );
    rows += challenges.execute(&mut *db).await?.rows_affected();
    let enrolments = sqlx::query!(
        "DELETE FROM totp_enrolments WHERE expires_at < $1",
        moment as Timestamp
    );
    rows += enrolments.execute(&mut *db).await?.rows_affected();
    let changes = sqlx::query!(
        "DELETE FROM email_changes WHERE expires_at < $1",
        moment as Timestamp
    );
    rows += changes.execute(&mut *db).await?.rows_affected();
    let keys = sqlx::query!(
        "DELETE FROM api_keys WHERE expires_at < $1 OR revoked_at < $1",
        moment as Timestamp
    );
    rows += keys.execute(&mut *db).await?.rows_affected();
    let revocations = sqlx::query!(
        "DELETE FROM revocations WHERE until < $1",
        moment as Timestamp
    );
    rows += revocations.execute(&mut *db).await?.rows_affected();
    Ok(rows)
}
