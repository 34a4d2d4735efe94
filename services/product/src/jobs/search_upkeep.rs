//! Keeps the search in order: builds waiting documents anew, counts sales and words, and reads a big shop's facts.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::app::Context;
use crate::domain::search::snapshot::Snapshot;
use crate::store::search::upkeep as store;

/// From so many products on, facets without words are counted from a snapshot.
const BIG_SHOP: i64 = 20_000;
/// How often sales and words are counted.
const COUNT_EVERY: Duration = Duration::from_secs(600);
/// Reading the facts may take this share of the time.
const SHARE: u32 = 30;

/// Where the newest snapshot is found; none in a small shop, or before the first is read.
pub(crate) type Snapshots = watch::Receiver<Option<Arc<Snapshot>>>;

/// Runs at once and then on a timer.
pub(crate) async fn run(
    cx: Context,
    language: String,
    snapshots: watch::Sender<Option<Arc<Snapshot>>>,
    every: Duration,
    shutdown: CancellationToken,
) {
    match knows(&cx, &language).await {
        Ok(true) => {}
        Ok(false) => tracing::error!(
            language,
            "SEARCH_LANGUAGE is none that the database knows; the search stays in the language that it has"
        ),
        Err(error) => tracing::warn!(%error, "the language of the search could not be checked"),
    }
    loop {
        let began = tokio::time::Instant::now();
        if let Err(error) = once(&cx, &language, COUNT_EVERY, &shutdown).await {
            tracing::warn!(%error, "the search could not be kept up; trying again later");
        }
        match read(&cx).await {
            Ok(snapshot) => drop(snapshots.send_replace(snapshot)),
            Err(error) => {
                // None is better than an old one.
                snapshots.send_replace(None);
                tracing::warn!(%error, "the facts of the products could not be read; counting goes on more slowly");
            }
        }
        let wait = every.max(began.elapsed() * SHARE);
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(wait) => {}
        }
    }
}

async fn knows(cx: &Context, language: &str) -> sqlx::Result<bool> {
    let mut db = cx.pool.acquire().await?;
    store::knows_language(&mut db, language).await
}

/// Does all that waits; answers how many documents were built.
pub(crate) async fn once(
    cx: &Context,
    language: &str,
    count_every: Duration,
    shutdown: &CancellationToken,
) -> sqlx::Result<usize> {
    let mut db = cx.pool.acquire().await?;
    if store::set_language(&mut db, language).await? {
        tracing::info!(language, "the language of the search changed");
    }
    drop(db);
    let mut built = 0;
    while !shutdown.is_cancelled() {
        let mut tx = cx.pool.begin().await?;
        let Some(some) = store::rebuild_some(&mut tx).await? else {
            break;
        };
        tx.commit().await?;
        built += some;
    }
    let mut tx = cx.pool.begin().await?;
    store::count(&mut tx, &cx.clock, count_every.as_secs_f64()).await?;
    tx.commit().await?;
    Ok(built)
}

/// Reads a snapshot, if the shop is big.
pub(crate) async fn read(cx: &Context) -> sqlx::Result<Option<Arc<Snapshot>>> {
    let mut db = cx.pool.acquire().await?;
    let Some(chunks) = store::facts(&mut db, BIG_SHOP).await? else {
        return Ok(None);
    };
    drop(db);
    let snapshot = tokio::task::spawn_blocking(move || Arc::new(Snapshot::new(chunks)))
        .await
        .map_err(|error| sqlx::Error::Io(std::io::Error::other(error)))?;
    tracing::debug!(products = snapshot.total(), "facts read");
    Ok(Some(snapshot))
}
