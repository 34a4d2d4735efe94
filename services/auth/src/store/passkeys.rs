use primitives::{PasskeyId, Timestamp, UserId};
use sqlx::{PgConnection, Result};

use crate::domain::webauthn::{Kept, NewCredential, Transport, Used, UserHandle};

/// A passkey as its owner sees it.
#[derive(Debug)]
pub(crate) struct Passkey {
    pub(crate) id: PasskeyId,
    pub(crate) credential_id: Vec<u8>,
    pub(crate) transports: Vec<String>,
    pub(crate) backed_up: bool,
    pub(crate) name: String,
    pub(crate) created_at: Timestamp,
    pub(crate) last_used_at: Option<Timestamp>,
}

/// What authenticators call the user; made at the first time.
pub(crate) async fn handle(
    db: &mut PgConnection,
    user: UserId,
    new: &UserHandle,
) -> Result<UserHandle> {
    let handle = sqlx::query_scalar!(
        "INSERT INTO passkey_handles (user_id, handle) VALUES ($1, $2)
         ON CONFLICT (user_id) DO UPDATE SET handle = passkey_handles.handle RETURNING handle",
        user.uuid(),
        new.0,
    );
    Ok(UserHandle(handle.fetch_one(db).await?))
}

pub(crate) async fn insert(
    db: &mut PgConnection,
    id: PasskeyId,
    user: UserId,
    name: &str,
    credential: &NewCredential,
    now: Timestamp,
) -> Result<()> {
    let transports: Vec<String> = credential
        .transports
        .iter()
        .map(|transport| Transport::as_str(*transport).to_owned())
        .collect();
    sqlx::query!(
        "INSERT INTO passkeys (id, user_id, credential_id, public_key, sign_count, aaguid, transports, verifies_user,
                               backup_eligible, backed_up, name, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        id.uuid(),
        user.uuid(),
        credential.id,
        credential.public_key,
        i64::from(credential.sign_count),
        uuid::Uuid::from_bytes(credential.aaguid),
        &transports,
        credential.verifies_user,
        credential.backup_eligible,
        credential.backed_up,
        name,
        now as Timestamp,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The user's, the newest first.
pub(crate) async fn list(db: &mut PgConnection, user: UserId) -> Result<Vec<Passkey>> {
    sqlx::query_as!(
        Passkey,
        r#"SELECT id AS "id: PasskeyId", credential_id, transports, backed_up, name, created_at, last_used_at
             FROM passkeys WHERE user_id = $1 ORDER BY id DESC"#,
        user.uuid(),
    )
    .fetch_all(db)
    .await
}

pub(crate) async fn count(db: &mut PgConnection, user: UserId) -> Result<i64> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM passkeys WHERE user_id = $1"#,
        user.uuid()
    )
    .fetch_one(db)
    .await
}

pub(crate) async fn rename(
    db: &mut PgConnection,
    user: UserId,
    id: PasskeyId,
    name: &str,
) -> Result<Option<Passkey>> {
    sqlx::query_as!(
        Passkey,
        r#"UPDATE passkeys SET name = $3 WHERE user_id = $1 AND id = $2
        RETURNING id AS "id: PasskeyId", credential_id, transports, backed_up, name, created_at, last_used_at"#,
        user.uuid(),
        id.uuid(),
        name,
    )
    .fetch_optional(db)
    .await
}

/// Whether there was one.
pub(crate) async fn delete(db: &mut PgConnection, user: UserId, id: PasskeyId) -> Result<bool> {
    let done = sqlx::query!(
        "DELETE FROM passkeys WHERE user_id = $1 AND id = $2",
        user.uuid(),
        id.uuid()
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// How many there were.
pub(crate) async fn remove_all(db: &mut PgConnection, user: UserId) -> Result<u64> {
    let done = sqlx::query!("DELETE FROM passkeys WHERE user_id = $1", user.uuid());
    Ok(done.execute(db).await?.rows_affected())
}

/// Whose a credential is. Who goes on with it locks the user before the passkey, as everything here does.
pub(crate) async fn owner(db: &mut PgConnection, credential: &[u8]) -> Result<Option<UserId>> {
    sqlx::query_scalar!(
        r#"SELECT user_id AS "user_id: UserId" FROM passkeys WHERE credential_id = $1"#,
        credential,
    )
    .fetch_optional(db)
    .await
}

/// A credential of the user, which nobody else can use until the transaction ends.
pub(crate) async fn lock(
    db: &mut PgConnection,
    user: UserId,
    credential: &[u8],
) -> Result<Option<(PasskeyId, Kept)>> {
    let row = sqlx::query!(
        r#"SELECT p.id AS "id: PasskeyId", p.public_key, p.sign_count, p.verifies_user, p.backup_eligible, h.handle
             FROM passkeys p JOIN passkey_handles h ON h.user_id = p.user_id
            WHERE p.user_id = $1 AND p.credential_id = $2 FOR UPDATE OF p"#,
        user.uuid(),
        credential,
    );
    let Some(row) = row.fetch_optional(db).await? else {
        return Ok(None);
    };
    let kept = Kept {
        public_key: row.public_key,
        sign_count: u32::try_from(row.sign_count)
            .map_err(|error| sqlx::Error::Decode(error.into()))?,
        verifies_user: row.verifies_user,
        backup_eligible: row.backup_eligible,
        user_handle: UserHandle(row.handle),
    };
    Ok(Some((row.id, kept)))
}

/// Keeps what a use changed. `verifies_user`: it proved, beside another factor, that it verifies its user.
pub(crate) async fn mark_used(
    db: &mut PgConnection,
    id: PasskeyId,
    used: Used,
    verifies_user: bool,
    now: Timestamp,
) -> Result<()> {
    sqlx::query!(
        "UPDATE passkeys SET sign_count = $2, backed_up = $3, verifies_user = verifies_user OR $4, last_used_at = $5 WHERE id = $1",
        id.uuid(),
        i64::from(used.sign_count),
        used.backed_up,
        verifies_user,
        now as Timestamp,
    )
    .execute(db)
    .await?;
    Ok(())
}
