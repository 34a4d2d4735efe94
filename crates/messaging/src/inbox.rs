//! Which events a consumer has applied.

use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

/// How long an applied event is remembered. A duplicate that comes later than this would be applied again; the broker keeps no
/// copy of an acknowledged message, and the relay sends a duplicate within minutes of the original.
const KEPT_DAYS: i32 = 90;

/// Notes that `consumer` applies the event; false if it already did. Waits for another transaction that is just applying it.
pub(crate) async fn record(
    tx: &mut PgConnection,
    consumer: &str,
    event: Uuid,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "INSERT INTO inbox (consumer, event_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
    )
    .bind(consumer)
    .bind(event)
    .execute(tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Forgets what is too old to come again. Safe to run anywhere, any number of times.
pub(crate) async fn prune(pool: &PgPool) -> Result<u64, sqlx::Error> {
    let done =
        sqlx::query("DELETE FROM inbox WHERE processed_at < now() - make_interval(days => $1)")
            .bind(KEPT_DAYS)
            .execute(pool)
            .await?;
    Ok(done.rows_affected())
}
