//! What tells the relay that there is work, and the world how much.

use crate::amqp::Backoff;
use sqlx::{PgPool, Row};
use std::time::Duration;
use tokio::sync::Notify;

const MEASURE: Duration = Duration::from_secs(5);

/// Forwards the publishers' NOTIFY. When it cannot listen (database away, a pooler in between), the relay's poll does the work.
pub(super) async fn listen(pool: &PgPool, notify: &Notify) {
    let mut backoff = Backoff::new();
    loop {
        if let Err(error) = forward(pool, notify, &mut backoff).await {
            tracing::debug!(%error, "not listening for new events");
        }
        tokio::time::sleep(backoff.next()).await;
    }
}

async fn forward(pool: &PgPool, notify: &Notify, backoff: &mut Backoff) -> Result<(), sqlx::Error> {
    let mut listener = runtime::pg::listen(pool, "outbox").await?;
    backoff.reset();
    loop {
        // Whatever came before this point may have been missed.
        notify.notify_one();
        if listener.try_recv().await?.is_none() {
            return Ok(());
        }
    }
}

/// Keeps the gauges of the outbox.
pub(super) async fn measure(pool: &PgPool) {
    loop {
        // Counting stops at a number that says "too many" already.
        let row = sqlx::query(
            "SELECT (SELECT count(*) FROM (SELECT FROM outbox LIMIT 10000) AS counted) AS pending,
                    coalesce((SELECT extract(epoch FROM clock_timestamp() - created_at)::float8 FROM outbox ORDER BY seq LIMIT 1), 0) AS lag",
        )
        .fetch_one(pool)
        .await;
        match row {
            Ok(row) => {
                #[expect(clippy::cast_precision_loss, reason = "a gauge")]
                let pending = row.get::<i64, _>("pending") as f64;
                metrics::gauge!("messaging_outbox_pending").set(pending);
                metrics::gauge!("messaging_outbox_lag_seconds").set(row.get::<f64, _>("lag"));
            }
            Err(error) => tracing::warn!(%error, "the outbox cannot be measured"),
        }
        tokio::time::sleep(MEASURE).await;
    }
}
