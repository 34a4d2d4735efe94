//! Requests that come twice.

use http_kit::{Error, OnConstraint as _};
use primitives::{Timestamp, UserId};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::app::AppState;
use crate::store;

/// How a repetition is known.
pub(crate) struct Repeat {
    pub(crate) key: Option<String>,
    pub(crate) hash: [u8; 32],
}

/// What the same request made when it came first; 422 `idempotency_key_reused` if another one had the key.
pub(crate) async fn replay(
    app: &AppState,
    user: UserId,
    repeat: &Repeat,
) -> http_kit::Result<Option<Uuid>> {
    known(&mut *app.pool.acquire().await?, user, repeat).await
}

/// The same, for who keeps a repetition waiting by a lock.
pub(super) async fn known(
    db: &mut PgConnection,
    user: UserId,
    repeat: &Repeat,
) -> http_kit::Result<Option<Uuid>> {
    let Some(key) = &repeat.key else {
        return Ok(None);
    };
    match store::idempotency::find(db, user, key).await? {
        Some(made) if made.body_hash == repeat.hash => Ok(Some(made.made)),
        Some(_) => Err(Error::idempotency_key_reused()),
        None => Ok(None),
    }
}

/// Notes what was made, in the transaction that made it.
pub(super) async fn made(
    tx: &mut PgConnection,
    user: UserId,
    repeat: &Repeat,
    made: Uuid,
    now: Timestamp,
) -> http_kit::Result<()> {
    let Some(key) = &repeat.key else {
        return Ok(());
    };
    store::idempotency::save(tx, user, key, &repeat.hash, made, now)
        .await
        .on_constraint("idempotency_keys_once", || {
            Error::conflict(
                "request_in_progress",
                "The same request is being answered just now: send it again in a moment.",
            )
        })
}
