use primitives::{EmailAddress, Timestamp, UserId};
use sqlx::{PgConnection, Result};

/// What a link in a mail is for; the words of the column's CHECK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    VerifyEmail,
    ResetPassword,
}

impl Purpose {
    fn as_str(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify_email",
            Self::ResetPassword => "reset_password",
        }
    }
}

/// Whom a token that was good names.
pub(crate) struct Used {
    pub(crate) user_id: UserId,
    /// The address that the mail went to.
    pub(crate) email: EmailAddress,
}

pub(crate) async fn insert(
    db: &mut PgConnection,
    hash: &[u8],
    purpose: Purpose,
    user: UserId,
    email: &EmailAddress,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO one_time_tokens (token_hash, user_id, purpose, email, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)",
        hash,
        user.uuid(),
        purpose.as_str(),
        email.as_str(),
        now as Timestamp,
        expires_at as Timestamp,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Uses a token up, if it is good; together with all others of the user for the same purpose.
pub(crate) async fn take(
    db: &mut PgConnection,
    hash: &[u8],
    purpose: Purpose,
    now: Timestamp,
) -> Result<Option<Used>> {
    let used = sqlx::query_as!(
        Used,
        r#"UPDATE one_time_tokens SET used_at = $3
            WHERE token_hash = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3
        RETURNING user_id AS "user_id: UserId", email AS "email: EmailAddress""#,
        hash,
        purpose.as_str(),
        now as Timestamp,
    )
    .fetch_optional(&mut *db)
    .await?;
    if let Some(used) = &used {
        sqlx::query!(
            "UPDATE one_time_tokens SET used_at = $3 WHERE user_id = $1 AND purpose = $2 AND used_at IS NULL",
            used.user_id.uuid(),
            purpose.as_str(),
            now as Timestamp,
        )
        .execute(db)
        .await?;
    }
    Ok(used)
}
