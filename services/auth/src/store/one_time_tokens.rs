use primitives::{EmailAddress, Timestamp, UserId};
use sqlx::{PgConnection, Result};

/// What a link in a mail is for; the words of the column's CHECK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    VerifyEmail,
    ResetPassword,
}

impl Purpose {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify_email",
            Self::ResetPassword => "reset_password",
        }
    }
}

impl From<String> for Purpose {
    /// From the column, whose CHECK knows no other word.
    fn from(word: String) -> Self {
        if word == "verify_email" {
            Self::VerifyEmail
        } else {
            Self::ResetPassword
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

/// Whether a link was sent to them since a moment.
pub(crate) async fn sent_since(
    db: &mut PgConnection,
    user: UserId,
    purpose: Purpose,
    since: Timestamp,
) -> Result<bool> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM one_time_tokens WHERE user_id = $1 AND purpose = $2 AND created_at > $3) AS "sent!""#,
        user.uuid(),
        purpose.as_str(),
        since as Timestamp,
    )
    .fetch_one(db)
    .await
}

/// Whose a token is, good or not, without locking anything.
pub(crate) async fn user_of(
    db: &mut PgConnection,
    hash: &[u8],
    purpose: Purpose,
) -> Result<Option<UserId>> {
    sqlx::query_scalar!(
        r#"SELECT user_id AS "user_id: UserId" FROM one_time_tokens WHERE token_hash = $1 AND purpose = $2"#,
        hash,
        purpose.as_str(),
    )
    .fetch_optional(db)
    .await
}

/// Whose a token is, if it is good now.
pub(crate) async fn peek(
    db: &mut PgConnection,
    hash: &[u8],
    purpose: Purpose,
    now: Timestamp,
) -> Result<Option<UserId>> {
    sqlx::query_scalar!(
        r#"SELECT user_id AS "user_id: UserId" FROM one_time_tokens
            WHERE token_hash = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3"#,
        hash,
        purpose.as_str(),
        now as Timestamp,
    )
    .fetch_optional(db)
    .await
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

/// Makes all links of a user useless.
pub(crate) async fn revoke_all(db: &mut PgConnection, user: UserId, now: Timestamp) -> Result<()> {
    sqlx::query!(
        "UPDATE one_time_tokens SET used_at = $2 WHERE user_id = $1 AND used_at IS NULL",
        user.uuid(),
        now as Timestamp,
    )
    .execute(db)
    .await?;
    Ok(())
}
