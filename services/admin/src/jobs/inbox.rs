//! Tells customers what happened to their orders: events say which order, order's database whose it is. And forgets what is old.

use std::collections::HashMap;
use std::time::Duration;

use primitives::{OrderId, UserId};
use sqlx::postgres::PgListener;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::app::AppState;
use crate::read;
use crate::store::idempotency;
use crate::store::user_notifications::{self, News};

const BATCH: i64 = 200;
const POLL: Duration = Duration::from_secs(5);
const PRUNE_EVERY: Duration = Duration::from_secs(3600);
/// How long somebody finds what they were told.
const KEPT: Duration = Duration::from_secs(180 * 24 * 3600);
/// How long a repeated request is known.
const KEYS_KEPT: Duration = Duration::from_secs(3 * 24 * 3600);

/// Works until the service stops.
pub(crate) async fn run(app: AppState, shutdown: CancellationToken) {
    let mut prune = tokio::time::interval(PRUNE_EVERY);
    let mut listener = None;
    loop {
        match all(&app).await {
            Ok(0) => {}
            Ok(count) => tracing::debug!(count, "customers were told of their orders"),
            Err(error) => tracing::warn!(%error, "customers cannot be told of their orders"),
        }
        if listener.is_none() {
            listener = listen(&app).await;
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            heard = super::hear(&mut listener) => if !heard { listener = None; },
            _ = prune.tick() => forget(&app).await,
            () = tokio::time::sleep(POLL) => {}
        }
    }
}

async fn listen(app: &AppState) -> Option<PgListener> {
    runtime::pg::listen(&app.pool, "order_news").await.ok()
}

/// Tells all there is to tell; how much that was.
pub(crate) async fn all(app: &AppState) -> sqlx::Result<usize> {
    let mut count = 0;
    loop {
        let news = user_notifications::kept(&mut *app.pool.acquire().await?, BATCH).await?;
        if news.is_empty() {
            return Ok(count);
        }
        count += news.len();
        let orders: Vec<Uuid> = news.iter().map(|news| news.order_id.uuid()).collect();
        let owners = read::about::owners(&mut *app.order_db.acquire().await?, &orders).await?;
        let owners: HashMap<OrderId, UserId> = owners.into_iter().collect();
        let ids: Vec<Uuid> = news.iter().map(|news| news.id.uuid()).collect();

        let mut tx = app.pool.begin().await?;
        // What another replica has taken meanwhile is told by it. Guests have no place to be told.
        let taken = user_notifications::take(&mut tx, &ids).await?;
        let mut told: Vec<_> = news
            .iter()
            .filter(|news| taken.contains(&news.id))
            .filter_map(|news| Some((*owners.get(&news.order_id)?, news)))
            .collect();
        told.sort_by_key(|(user, news)| (*user, news.id));
        for (user, news) in told {
            let subject = format!("order:{}", news.order_id);
            let news = News {
                id: news.id,
                at: news.at,
                kind: &news.kind,
                subject: &subject,
                message: &news.message,
            };
            user_notifications::tell(&mut tx, user, &news).await?;
        }
        tx.commit().await?;
    }
}

async fn forget(app: &AppState) {
    let now = app.clock.now();
    let forgotten: sqlx::Result<()> = async {
        let mut db = app.pool.acquire().await?;
        while user_notifications::prune(&mut db, now - KEPT, 1000).await? > 0 {}
        idempotency::prune(&mut db, now - KEYS_KEPT).await?;
        Ok(())
    }
    .await;
    if let Err(error) = forgotten {
        tracing::warn!(%error, "old notifications could not be forgotten");
    }
}
