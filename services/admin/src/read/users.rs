use std::collections::HashMap;

use auth_token::Role;
use primitives::{SessionId, Timestamp, UserId};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

/// What holds of a session of staff.
#[derive(FromRow)]
pub(crate) struct Proved {
    pub(crate) role: Role,
    pub(crate) authenticated_at: Timestamp,
    pub(crate) used_second_factor: bool,
}

/// The session; nothing if it has ended, or the account is disabled.
pub(crate) async fn session(
    conn: &mut PgConnection,
    id: SessionId,
    user: UserId,
    now: Timestamp,
) -> sqlx::Result<Option<Proved>> {
    sqlx::query_as(
        "SELECT u.role, s.authenticated_at, s.methods && '{otp,pop}'::text[] AS used_second_factor
           FROM sessions s JOIN users u ON u.id = s.user_id
          WHERE s.id = $1 AND s.user_id = $2 AND s.revoked_at IS NULL AND s.expires_at > $3 AND u.disabled_at IS NULL",
    )
    .bind(id)
    .bind(user)
    .bind(now)
    .fetch_optional(conn)
    .await
}

/// What people are called.
pub(crate) async fn names(
    conn: &mut PgConnection,
    ids: &[Uuid],
) -> sqlx::Result<HashMap<Uuid, String>> {
    let rows: Vec<(Uuid, String)> =
        sqlx::query_as("SELECT id, name FROM users WHERE id = ANY ($1)")
            .bind(ids)
            .fetch_all(conn)
            .await?;
    Ok(rows.into_iter().collect())
}

/// Somebody's role; nothing if there is no such account, or it is disabled.
pub(crate) async fn role(conn: &mut PgConnection, id: UserId) -> sqlx::Result<Option<Role>> {
    sqlx::query_scalar("SELECT role FROM users WHERE id = $1 AND disabled_at IS NULL")
        .bind(id)
        .fetch_optional(conn)
        .await
}

/// The account of a seller.
#[derive(FromRow)]
pub(crate) struct Seller {
    pub(crate) name: String,
    pub(crate) role: String,
    pub(crate) disabled: bool,
}

pub(crate) async fn seller(conn: &mut PgConnection, id: UserId) -> sqlx::Result<Option<Seller>> {
    sqlx::query_as(
        "SELECT name, role, disabled_at IS NOT NULL AS disabled FROM users WHERE id = $1",
    )
    .bind(id)
    .fetch_optional(conn)
    .await
}

/// The account with an e-mail address, and what its owner is called: the one that verified it, else the oldest that claims it.
pub(crate) async fn with_email(
    conn: &mut PgConnection,
    email: &str,
) -> sqlx::Result<Option<(UserId, String)>> {
    sqlx::query_as(
        "SELECT id, name FROM users WHERE email = $1 ORDER BY email_verified_at IS NULL, id LIMIT 1",
    )
    .bind(email.to_lowercase())
    .fetch_optional(conn)
    .await
}
