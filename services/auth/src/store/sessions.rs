use std::net::IpAddr;

use auth_token::Method;
use primitives::{SessionId, Timestamp, UserId};
use sqlx::{PgConnection, Result};

/// Who signs in from where.
#[derive(Clone, Debug)]
pub(crate) struct Device {
    pub(crate) user_agent: Option<String>,
    pub(crate) ip: Option<IpAddr>,
}

/// When and how a user last proved who they are in a session.
#[derive(Clone, Debug)]
pub(crate) struct Proof {
    pub(crate) at: Timestamp,
    pub(crate) methods: Vec<Method>,
}

impl Proof {
    pub(super) fn words(&self) -> Vec<String> {
        let words = self.methods.iter().map(|method| method.as_str().to_owned());
        words.collect()
    }

    /// From the columns; words that this release does not know prove nothing.
    pub(super) fn from_columns(at: Timestamp, words: &[String]) -> Self {
        let methods = words.iter().filter_map(|word| word.parse().ok()).collect();
        Self { at, methods }
    }
}

/// A sign-in that has not ended.
pub(crate) struct Session {
    pub(crate) id: SessionId,
    pub(crate) user_agent: Option<String>,
    pub(crate) ip: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) last_used_at: Timestamp,
    pub(crate) expires_at: Timestamp,
}

/// Why sessions end; the words of the column's CHECK.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Why {
    Logout,
    LogoutAll,
    Ended,
    Reuse,
    Password,
    Disabled,
    SecondFactor,
}

impl Why {
    fn as_str(self) -> &'static str {
        match self {
            Self::Logout => "logout",
            Self::LogoutAll => "logout_all",
            Self::Ended => "ended",
            Self::Reuse => "reuse",
            Self::Password => "password",
            Self::Disabled => "disabled",
            Self::SecondFactor => "second_factor",
        }
    }
}

pub(crate) async fn insert(
    db: &mut PgConnection,
    id: SessionId,
    user: UserId,
    device: &Device,
    proof: &Proof,
    expires_at: Timestamp,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO sessions (id, user_id, user_agent, ip, created_at, last_used_at, authenticated_at, methods, expires_at)
         VALUES ($1, $2, $3, $4, $5, $5, $5, $6, $7)",
        id.uuid(),
        user.uuid(),
        device.user_agent,
        device.ip.map(|ip| ip.to_string()),
        proof.at as Timestamp,
        &proof.words(),
        expires_at as Timestamp,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The user's sessions that have not ended, the newest first.
pub(crate) async fn list(
    db: &mut PgConnection,
    user: UserId,
    now: Timestamp,
) -> Result<Vec<Session>> {
    sqlx::query_as!(
        Session,
        r#"SELECT id AS "id: SessionId", user_agent, ip, created_at, last_used_at, expires_at
             FROM sessions WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > $2 ORDER BY id DESC LIMIT 200"#,
        user.uuid(),
        now as Timestamp,
    )
    .fetch_all(db)
    .await
}

/// What was proved in a session that has not ended.
pub(crate) async fn proof(
    db: &mut PgConnection,
    id: SessionId,
    user: UserId,
    now: Timestamp,
) -> Result<Option<Proof>> {
    let row = sqlx::query!(
        "SELECT authenticated_at, methods FROM sessions
          WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL AND expires_at > $3 FOR NO KEY UPDATE",
        id.uuid(),
        user.uuid(),
        now as Timestamp,
    );
    let row = row.fetch_optional(db).await?;
    Ok(row.map(|row| Proof::from_columns(row.authenticated_at, &row.methods)))
}

pub(crate) async fn prove(db: &mut PgConnection, id: SessionId, proof: &Proof) -> Result<()> {
    sqlx::query!(
        "UPDATE sessions SET authenticated_at = $2, methods = $3 WHERE id = $1",
        id.uuid(),
        proof.at as Timestamp,
        &proof.words(),
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn touch(
    db: &mut PgConnection,
    id: SessionId,
    ip: Option<IpAddr>,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<()> {
    sqlx::query!(
        "UPDATE sessions SET last_used_at = $2, expires_at = $3, ip = coalesce($4, ip) WHERE id = $1",
        id.uuid(),
        now as Timestamp,
        expires_at as Timestamp,
        ip.map(|ip| ip.to_string()),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Which sessions of a user to end.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Which {
    One(SessionId),
    All,
    AllBut(SessionId),
}

/// Ends sessions; those that had not ended before.
pub(crate) async fn end(
    db: &mut PgConnection,
    user: UserId,
    which: Which,
    why: Why,
    now: Timestamp,
) -> Result<Vec<SessionId>> {
    let (only, except) = match which {
        Which::One(id) => (Some(id.uuid()), None),
        Which::All => (None, None),
        Which::AllBut(id) => (None, Some(id.uuid())),
    };
    sqlx::query_scalar!(
        r#"UPDATE sessions SET revoked_at = $4, revoked_why = $5
            WHERE user_id = $1 AND revoked_at IS NULL AND ($2::uuid IS NULL OR id = $2) AND ($3::uuid IS NULL OR id <> $3)
        RETURNING id AS "id: SessionId""#,
        user.uuid(),
        only,
        except,
        now as Timestamp,
        why.as_str(),
    )
    .fetch_all(db)
    .await
}

/// When a session ended, if it did; `None` if there is no such session.
pub(crate) async fn ended(
    db: &mut PgConnection,
    id: SessionId,
) -> Result<Option<Option<Timestamp>>> {
    sqlx::query_scalar!(
        r#"SELECT revoked_at AS "revoked_at: Timestamp" FROM sessions WHERE id = $1"#,
        id.uuid()
    )
    .fetch_optional(db)
    .await
}
