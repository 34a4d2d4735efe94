//! Removes files that belong to no picture (any more).

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::app::Context;
use crate::media::Media;
use crate::store::leftovers as store;

/// How long one process may try before another may.
const CLAIMED: Duration = Duration::from_secs(5 * 60);

/// Runs at once, whenever a picture was removed, and on a timer.
pub(crate) async fn run(cx: Context, media: Media, every: Duration, shutdown: CancellationToken) {
    let mut timer = tokio::time::interval(every);
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = cx.leftovers.notified() => {}
            _ = timer.tick() => {}
        }
        match all(&cx, &media).await {
            Ok(0) => {}
            Ok(pictures) => tracing::info!(pictures, "files of pictures removed"),
            Err(error) => {
                tracing::warn!(%error, "files of pictures could not be removed; trying again later");
            }
        }
    }
}

/// Removes all that is due; answers of how many pictures.
pub(crate) async fn all(cx: &Context, media: &Media) -> anyhow::Result<usize> {
    let mut removed = 0;
    loop {
        let now = cx.clock.now();
        let mut db = cx.pool.acquire().await?;
        let due = store::claim(&mut db, now, now + CLAIMED).await?;
        drop(db);
        if due.is_empty() {
            return Ok(removed);
        }
        for leftover in due {
            media.remove(&leftover.file_names).await?;
            let mut db = cx.pool.acquire().await?;
            store::forget(&mut db, leftover.image_id).await?;
            removed += 1;
        }
    }
}
