use primitives::{EmailAddress, Timestamp};
use sqlx::{PgConnection, Result};

use super::one_time_tokens::Purpose;

/// What somebody who is not signed in asked to be mailed.
pub(crate) struct MailRequest {
    pub(crate) purpose: Purpose,
    pub(crate) email: EmailAddress,
}

/// Writes a request down. Asking again before it was answered changes nothing.
pub(crate) async fn insert(
    db: &mut PgConnection,
    purpose: Purpose,
    email: &EmailAddress,
    now: Timestamp,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO mail_requests (purpose, email, created_at) VALUES ($1, $2, $3)
         ON CONFLICT (email, purpose) DO UPDATE SET created_at = excluded.created_at",
        purpose.as_str(),
        email.as_str(),
        now as Timestamp,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The oldest request that no other process answers now; it is gone with the transaction.
pub(crate) async fn take(db: &mut PgConnection) -> Result<Option<MailRequest>> {
    let row = sqlx::query!(
        r#"DELETE FROM mail_requests
            WHERE id = (SELECT id FROM mail_requests ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
        RETURNING purpose, email AS "email: EmailAddress""#,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| MailRequest {
        purpose: row.purpose.into(),
        email: row.email,
    }))
}
