//! Forgets what old mails said.

use std::time::Duration;

use primitives::Clock;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::store::mails;

const EVERY: Duration = Duration::from_secs(3600);

/// Until `shutdown`, at once and then every hour: the texts of mails that are older than `keep`.
pub(crate) async fn run(pool: PgPool, clock: Clock, keep: Duration, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        let wait = match mails::forget_before(&pool, clock.now() - keep).await {
            Ok(1..) => Duration::ZERO,
            Ok(0) => EVERY,
            Err(error) => {
                tracing::warn!(%error, "cannot forget the texts of old mails");
                EVERY
            }
        };
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(wait) => {}
        }
    }
}
