//! What is made for an Idempotency-Key is made once: whoever asks again gets the same answer.

use auth_token::Acting;
use http_kit::{Error, IdempotencyKey, IdempotentJson, OnConstraint as _, Result};
use primitives::Timestamp;
use serde_json::Value;
use sqlx::PgConnection;

use crate::store;

/// A member of staff who makes something, with the key of the request, if it has one.
#[derive(Debug)]
pub(crate) struct Once {
    caller: String,
    key: Option<IdempotencyKey>,
    hash: [u8; 32],
}

impl Once {
    /// The request's key, and what is to be made.
    pub(crate) fn of<T>(staff: &Acting, request: IdempotentJson<T>) -> (Self, T) {
        let once = Self {
            caller: format!("user:{}", staff.user_id()),
            key: request.key,
            hash: request.hash,
        };
        (once, request.body)
    }

    /// What was answered before, if this is a repetition.
    pub(crate) async fn known(&self, conn: &mut PgConnection) -> Result<Option<Value>> {
        let Some(key) = &self.key else {
            return Ok(None);
        };
        let saved = store::idempotency::find(conn, &self.caller, key.as_str()).await?;
        match saved {
            Some(saved) if saved.body_hash != self.hash => Err(Error::idempotency_key_reused()),
            saved => Ok(saved.map(|saved| saved.body)),
        }
    }

    /// Keeps the answer, in the transaction of what was made.
    pub(crate) async fn keep(
        &self,
        conn: &mut PgConnection,
        answer: &Value,
        now: Timestamp,
    ) -> Result<()> {
        let Some(key) = &self.key else { return Ok(()) };
        store::idempotency::save(
            conn,
            &self.caller,
            key.as_str(),
            &self.hash,
            201,
            answer,
            now,
        )
        .await
        .on_constraint("idempotency_keys_once", Error::idempotency_key_reused)
    }
}
