use auth_token::Role;
use primitives::{EmailAddress, Timestamp, UserId};
use sqlx::{PgConnection, Result};

use crate::domain::user::User;

/// A new user, with the role and the verification they have from the start.
pub(crate) async fn insert(db: &mut PgConnection, user: &User) -> Result<()> {
    sqlx::query!(
        "INSERT INTO users (id, email, email_verified_at, name, role, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $6)",
        user.id.uuid(),
        user.email.as_str(),
        user.email_verified_at as Option<Timestamp>,
        user.name,
        user.role.as_str(),
        user.created_at as Timestamp,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn find(db: &mut PgConnection, id: UserId) -> Result<Option<User>> {
    sqlx::query_as!(
        User,
        r#"SELECT id AS "id: UserId", email AS "email: EmailAddress", email_verified_at, name, role AS "role: Role", disabled_at, disabled_reason, created_at, version
             FROM users WHERE id = $1"#,
        id.uuid(),
    )
    .fetch_optional(db)
    .await
}

/// Whose address it is: who has verified it, else the newest account that claims it.
pub(crate) async fn find_by_email(
    db: &mut PgConnection,
    email: &EmailAddress,
) -> Result<Option<User>> {
    sqlx::query_as!(
        User,
        r#"SELECT id AS "id: UserId", email AS "email: EmailAddress", email_verified_at, name, role AS "role: Role", disabled_at, disabled_reason, created_at, version
             FROM users WHERE email = $1 ORDER BY (email_verified_at IS NOT NULL) DESC, id DESC LIMIT 1"#,
        email.as_str(),
    )
    .fetch_optional(db)
    .await
}

pub(crate) async fn find_many(db: &mut PgConnection, ids: &[UserId]) -> Result<Vec<User>> {
    let ids: Vec<uuid::Uuid> = ids.iter().map(|id| id.uuid()).collect();
    sqlx::query_as!(
        User,
        r#"SELECT id AS "id: UserId", email AS "email: EmailAddress", email_verified_at, name, role AS "role: Role", disabled_at, disabled_reason, created_at, version
             FROM users WHERE id = ANY($1) ORDER BY id"#,
        &ids,
    )
    .fetch_all(db)
    .await
}

/// The user, who cannot be changed by others until the transaction ends.
pub(crate) async fn lock(db: &mut PgConnection, id: UserId) -> Result<Option<User>> {
    sqlx::query_as!(
        User,
        r#"SELECT id AS "id: UserId", email AS "email: EmailAddress", email_verified_at, name, role AS "role: Role", disabled_at, disabled_reason, created_at, version
             FROM users WHERE id = $1 FOR NO KEY UPDATE"#,
        id.uuid(),
    )
    .fetch_optional(db)
    .await
}

/// The user if nothing changed that matters to a sign-in since the hash was read, and nothing will until the transaction ends.
pub(crate) async fn lock_for_sign_in(
    db: &mut PgConnection,
    id: UserId,
    password_hash: &str,
) -> Result<Option<User>> {
    sqlx::query_as!(
        User,
        r#"SELECT u.id AS "id: UserId", u.email AS "email: EmailAddress", u.email_verified_at, u.name, u.role AS "role: Role", u.disabled_at, u.disabled_reason, u.created_at, u.version
             FROM users u JOIN credentials c ON c.user_id = u.id
            WHERE u.id = $1 AND c.password_hash = $2 AND u.disabled_at IS NULL FOR SHARE"#,
        id.uuid(),
        password_hash,
    )
    .fetch_optional(db)
    .await
}

/// Gives a user another address, which is verified.
pub(crate) async fn change_email(
    db: &mut PgConnection,
    id: UserId,
    email: &EmailAddress,
    now: Timestamp,
) -> Result<()> {
    let done = sqlx::query!(
        "UPDATE users SET email = $2, email_verified_at = $3, updated_at = $3, version = version + 1 WHERE id = $1",
        id.uuid(),
        email.as_str(),
        now as Timestamp,
    )
    .execute(db)
    .await?;
    if done.rows_affected() == 1 {
        Ok(())
    } else {
        Err(sqlx::Error::RowNotFound)
    }
}

/// Saves what may change of a user.
pub(crate) async fn update(db: &mut PgConnection, user: &User, now: Timestamp) -> Result<()> {
    let done = sqlx::query!(
        "UPDATE users SET email_verified_at = $2, name = $3, role = $4, disabled_at = $5, updated_at = $6, disabled_reason = $7, version = version + 1 WHERE id = $1",
        user.id.uuid(),
        user.email_verified_at as Option<Timestamp>,
        user.name,
        user.role.as_str(),
        user.disabled_at as Option<Timestamp>,
        now as Timestamp,
        user.disabled_reason,
    )
    .execute(db)
    .await?;
    if done.rows_affected() == 1 {
        Ok(())
    } else {
        Err(sqlx::Error::RowNotFound)
    }
}

/// Which users to list.
pub(crate) struct Filter {
    /// A part of the address or the name.
    pub(crate) q: Option<String>,
    pub(crate) role: Option<Role>,
    /// Only those before this one.
    pub(crate) before: Option<UserId>,
}

/// The newest first.
pub(crate) async fn list(db: &mut PgConnection, filter: &Filter, rows: i64) -> Result<Vec<User>> {
    let pattern = filter.q.as_ref().map(|q| {
        let escaped = q
            .replace('\\', r"\\")
            .replace('%', r"\%")
            .replace('_', r"\_");
        format!("%{escaped}%")
    });
    sqlx::query_as!(
        User,
        r#"SELECT id AS "id: UserId", email AS "email: EmailAddress", email_verified_at, name, role AS "role: Role", disabled_at, disabled_reason, created_at, version
             FROM users
            WHERE ($1::text IS NULL OR (email || ' ' || name) ILIKE $1)
              AND ($2::text IS NULL OR role = $2)
              AND ($3::uuid IS NULL OR id < $3)
            ORDER BY id DESC LIMIT $4"#,
        pattern,
        filter.role.map(Role::as_str),
        filter.before.map(UserId::uuid),
        rows,
    )
    .fetch_all(db)
    .await
}

/// Whether there is an admin; nobody else can find out, and make one, until the transaction ends.
pub(crate) async fn has_admin_locked(db: &mut PgConnection) -> Result<bool> {
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtext('first admin'))")
        .execute(&mut *db)
        .await?;
    sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM users WHERE role = 'admin') AS "exists!""#)
        .fetch_one(db)
        .await
}
