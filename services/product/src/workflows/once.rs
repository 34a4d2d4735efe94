//! Requests with an `Idempotency-Key` take effect once, whatever is sent twice.

use http_kit::{Error, IdempotencyKey, OnConstraint as _, Result};
use primitives::{Timestamp, UserId};
use serde_json::Value;
use sqlx::PgConnection;

use crate::store::stock_requests as store;

/// What makes a request the same as another.
pub(crate) struct Once<'a> {
    pub(crate) caller: UserId,
    pub(crate) key: Option<&'a IdempotencyKey>,
    pub(crate) hash: &'a [u8],
}

impl Once<'_> {
    /// The answer that the same request got before.
    pub(crate) async fn before(&self, db: &mut PgConnection) -> Result<Option<Value>> {
        let Some(key) = self.key else {
            return Ok(None);
        };
        match store::find(db, self.caller, key.as_str()).await? {
            Some(saved) if saved.body_hash == self.hash => Ok(Some(saved.answer)),
            Some(_) => Err(Error::idempotency_key_reused()),
            None => Ok(None),
        }
    }

    /// Saves the answer, in the transaction of the effect.
    pub(crate) async fn save(
        &self,
        tx: &mut PgConnection,
        answer: &Value,
        now: Timestamp,
    ) -> Result<()> {
        let Some(key) = self.key else {
            return Ok(());
        };
        store::save(tx, self.caller, key.as_str(), self.hash, answer, now)
            .await
            .on_constraint("stock_requests_once", Error::idempotency_key_reused)
    }
}
