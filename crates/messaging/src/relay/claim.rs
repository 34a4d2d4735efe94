//! Which relay sends which rows.

use primitives::Timestamp;
use serde_json::Value;
use sqlx::{PgPool, Postgres, Row, Transaction};
use std::time::Duration;
use uuid::Uuid;

/// Held while claims are made or given back, for the length of one short transaction.
const CLAIM_LOCK: i64 = 0x6d65_7263_6174_6f01;
/// A refused event waits this long at most before its next try.
const LONGEST_PAUSE_SECONDS: f64 = 60.0;

/// An event to be sent.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) seq: i64,
    pub(super) id: Uuid,
    pub(super) aggregate: String,
    pub(super) event_type: String,
    pub(super) envelope: Value,
    pub(super) attempts: i32,
}

/// Rows that are ours until the lease ends.
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) rows: Vec<Pending>,
    /// The lease's end by the database's clock: also the mark by which we know our own claims again.
    pub(super) until: Option<Timestamp>,
}

impl Claim {
    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Takes the oldest free rows, never one whose aggregate has an earlier row that somebody else holds.
    pub(super) async fn take(
        pool: &PgPool,
        limit: i64,
        lease: Duration,
    ) -> Result<Self, sqlx::Error> {
        let mut tx = locked(pool).await?;
        // statement_timestamp(): one value for the whole statement, taken after the lock was granted.
        let rows = sqlx::query(
            "WITH free AS (
               SELECT o.seq FROM outbox o
                WHERE (o.claimed_until IS NULL OR o.claimed_until <= statement_timestamp())
                  AND NOT EXISTS (SELECT FROM outbox e
                                   WHERE e.aggregate = o.aggregate AND e.seq < o.seq AND e.claimed_until > statement_timestamp())
                ORDER BY o.seq LIMIT $1 FOR UPDATE OF o SKIP LOCKED)
             UPDATE outbox SET claimed_until = statement_timestamp() + make_interval(secs => $2), attempts = attempts + 1
               FROM free WHERE outbox.seq = free.seq
             RETURNING outbox.seq, id, aggregate, event_type, envelope, attempts, claimed_until",
        )
        .bind(limit)
        .bind(lease.as_secs_f64())
        .fetch_all(&mut *tx)
        .await?;
        tx.commit().await?;
        let until = rows
            .first()
            .map(|row| row.try_get("claimed_until"))
            .transpose()?;
        let mut rows = rows
            .into_iter()
            .map(|row| {
                Ok(Pending {
                    seq: row.try_get("seq")?,
                    id: row.try_get("id")?,
                    aggregate: row.try_get("aggregate")?,
                    event_type: row.try_get("event_type")?,
                    envelope: row.try_get("envelope")?,
                    attempts: row.try_get("attempts")?,
                })
            })
            .collect::<Result<Vec<_>, sqlx::Error>>()?;
        rows.sort_unstable_by_key(|row| row.seq);
        Ok(Self { rows, until })
    }
}

/// Forgets events that the broker has confirmed.
pub(super) async fn delete(pool: &PgPool, seqs: &[i64]) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM outbox WHERE seq = ANY($1)")
        .bind(seqs)
        .execute(pool)
        .await?;
    Ok(())
}

/// Gives rows back: `free` for anyone at once, `refused` after a pause that grows with their attempts. Rows that are no longer
/// ours are left alone.
pub(super) async fn give_back(
    pool: &PgPool,
    until: Timestamp,
    free: &[i64],
    refused: &[i64],
) -> Result<(), sqlx::Error> {
    if free.is_empty() && refused.is_empty() {
        return Ok(());
    }
    // Under the lock, because a claim skips rows that are locked, and must not skip the first of an aggregate.
    let mut tx = locked(pool).await?;
    sqlx::query(
        "UPDATE outbox SET claimed_until = CASE WHEN seq = ANY($3)
                THEN statement_timestamp() + make_interval(secs => least(power(2, least(attempts, 10)) / 4, $4)) END
          WHERE (seq = ANY($2) OR seq = ANY($3)) AND claimed_until = $1",
    )
    .bind(until)
    .bind(free)
    .bind(refused)
    .bind(LONGEST_PAUSE_SECONDS)
    .execute(&mut *tx)
    .await?;
    tx.commit().await
}

async fn locked(pool: &PgPool) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    let mut tx = pool.begin().await?;
    sqlx::query("SELECT pg_advisory_xact_lock($1)")
        .bind(CLAIM_LOCK)
        .execute(&mut *tx)
        .await?;
    Ok(tx)
}
