use primitives::{EmailAddress, Timestamp, UserId};
use sqlx::{PgConnection, Result};

/// A change of address that waits for its links.
pub(crate) struct EmailChange {
    pub(crate) user_id: UserId,
    pub(crate) new_email: EmailAddress,
    pub(crate) approved_at: Option<Timestamp>,
    pub(crate) confirmed_at: Option<Timestamp>,
}

/// Which of the two links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    /// The old address agrees.
    Approve,
    /// The new address confirms.
    Confirm,
}

/// The hashes of the tokens of the two links.
pub(crate) struct Hashes<'a> {
    pub(crate) approve: &'a [u8],
    pub(crate) confirm: &'a [u8],
}

/// Begins a change. One that waited already is forgotten.
pub(crate) async fn replace(
    db: &mut PgConnection,
    user: UserId,
    new_email: &EmailAddress,
    hashes: Hashes<'_>,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO email_changes (user_id, new_email, approve_hash, confirm_hash, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (user_id) DO UPDATE SET new_email = excluded.new_email, approve_hash = excluded.approve_hash,
           confirm_hash = excluded.confirm_hash, approved_at = NULL, confirmed_at = NULL,
           created_at = excluded.created_at, expires_at = excluded.expires_at",
        user.uuid(),
        new_email.as_str(),
        hashes.approve,
        hashes.confirm,
        now as Timestamp,
        expires_at as Timestamp,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Whose change the token of a link belongs to, without locking anything.
pub(crate) async fn user_of(db: &mut PgConnection, hash: &[u8]) -> Result<Option<UserId>> {
    sqlx::query_scalar!(
        r#"SELECT user_id AS "user_id: UserId" FROM email_changes WHERE approve_hash = $1 OR confirm_hash = $1"#,
        hash,
    )
    .fetch_optional(db)
    .await
}

/// Notes that a link was used: once, and in time. The change as it is then.
pub(crate) async fn mark(
    db: &mut PgConnection,
    link: Link,
    hash: &[u8],
    now: Timestamp,
) -> Result<Option<EmailChange>> {
    match link {
        Link::Approve => sqlx::query_as!(
            EmailChange,
            r#"UPDATE email_changes SET approved_at = $2
                WHERE approve_hash = $1 AND approved_at IS NULL AND expires_at > $2
            RETURNING user_id AS "user_id: UserId", new_email AS "new_email: EmailAddress", approved_at, confirmed_at"#,
            hash,
            now as Timestamp,
        )
        .fetch_optional(db)
        .await,
        Link::Confirm => sqlx::query_as!(
            EmailChange,
            r#"UPDATE email_changes SET confirmed_at = $2
                WHERE confirm_hash = $1 AND confirmed_at IS NULL AND expires_at > $2
            RETURNING user_id AS "user_id: UserId", new_email AS "new_email: EmailAddress", approved_at, confirmed_at"#,
            hash,
            now as Timestamp,
        )
        .fetch_optional(db)
        .await,
    }
}

/// Forgets the change of a user: it is done, or must not happen any more.
pub(crate) async fn cancel(db: &mut PgConnection, user: UserId) -> Result<()> {
    sqlx::query!("DELETE FROM email_changes WHERE user_id = $1", user.uuid())
        .execute(db)
        .await?;
    Ok(())
}
