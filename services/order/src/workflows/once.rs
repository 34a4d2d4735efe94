//! What is made for an Idempotency-Key is made once: whoever asks again gets the same answer.

use auth_token::Acting;
use axum::http::StatusCode;
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

    /// What was answered before, if this is a repetition. The same request at the same time waits here until the transaction ends, so this is what a
    /// transaction begins with.
    pub(crate) async fn known(&self, tx: &mut PgConnection) -> Result<Option<Value>> {
        let Some(key) = &self.key else {
            return Ok(None);
        };
        store::idempotency::lock(tx, &self.caller, key.as_str()).await?;
        let saved = store::idempotency::find(tx, &self.caller, key.as_str()).await?;
        match saved {
            Some(saved) if saved.body_hash != self.hash => Err(Error::idempotency_key_reused()),
            saved => Ok(saved.map(|saved| saved.body)),
        }
    }

    /// Keeps the answer, in the transaction of what was made.
    pub(crate) async fn keep(
        &self,
        tx: &mut PgConnection,
        status: StatusCode,
        answer: &Value,
        now: Timestamp,
    ) -> Result<()> {
        let Some(key) = &self.key else { return Ok(()) };
        let (caller, key, status) = (&self.caller, key.as_str(), status.as_u16());
        store::idempotency::save(tx, caller, key, &self.hash, status, answer, now)
            .await
            .on_constraint("idempotency_keys_once", Error::idempotency_key_reused)
    }
}
