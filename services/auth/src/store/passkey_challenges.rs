use primitives::{Timestamp, UserId};
use sqlx::{PgConnection, Result};

/// What a challenge is for, and for whom; the words of the column's CHECK.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Registration(UserId),
    /// Whoever has a passkey.
    SignIn,
    SecondFactor(UserId),
    Reauthentication(UserId),
}

impl Purpose {
    /// For whom, if that is known.
    pub(crate) fn user(self) -> Option<UserId> {
        match self {
            Self::Registration(user) | Self::SecondFactor(user) | Self::Reauthentication(user) => {
                Some(user)
            }
            Self::SignIn => None,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Registration(_) => "registration",
            Self::SignIn => "sign_in",
            Self::SecondFactor(_) => "second_factor",
            Self::Reauthentication(_) => "reauthentication",
        }
    }
}

pub(crate) async fn insert(
    db: &mut PgConnection,
    hash: &[u8],
    purpose: Purpose,
    expires_at: Timestamp,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO passkey_challenges (challenge_hash, purpose, user_id, expires_at) VALUES ($1, $2, $3, $4)",
        hash,
        purpose.as_str(),
        purpose.user().map(UserId::uuid),
        expires_at as Timestamp,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Uses a challenge up, if it is good for this; its hash.
pub(crate) async fn take(
    db: &mut PgConnection,
    hash: &[u8],
    purpose: Purpose,
    now: Timestamp,
) -> Result<Option<Vec<u8>>> {
    sqlx::query_scalar!(
        "DELETE FROM passkey_challenges
          WHERE challenge_hash = $1 AND purpose = $2 AND user_id IS NOT DISTINCT FROM $3 AND expires_at > $4
      RETURNING challenge_hash",
        hash,
        purpose.as_str(),
        purpose.user().map(UserId::uuid),
        now as Timestamp,
    )
    .fetch_optional(db)
    .await
}

/// Forgets those that nobody answered in time. The number of rows.
pub(crate) async fn forget_expired(db: &mut PgConnection, now: Timestamp) -> Result<u64> {
    let done = sqlx::query!(
        "DELETE FROM passkey_challenges WHERE expires_at < $1",
        now as Timestamp
    );
    Ok(done.execute(db).await?.rows_affected())
}
