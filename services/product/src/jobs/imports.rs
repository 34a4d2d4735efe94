//! Applies the files that wait, and forgets those of long ago.

use std::time::Duration;

use futures::future::try_join_all;
use tokio_util::sync::CancellationToken;

use crate::app::Context;
use crate::store::imports as store;
use crate::workflows::imports::Work;

/// How an import is worked at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// How many batches at a time.
    pub(crate) workers: usize,
    /// How long an import with its rows is kept.
    pub(crate) kept: Duration,
}

/// How often new files are looked for.
const EVERY: Duration = Duration::from_secs(1);
/// An upload without a row for so long has broken off.
const BROKEN: Duration = Duration::from_secs(15 * 60);

/// Runs at once and then on a timer.
pub(crate) async fn run(cx: Context, pace: Pace, shutdown: CancellationToken) {
    let mut timer = tokio::time::interval(EVERY);
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut sweeping = tokio::time::interval(BROKEN);
    loop {
        let done = tokio::select! {
            () = shutdown.cancelled() => return,
            _ = timer.tick() => all(&cx, pace, &shutdown).await.map(drop),
            _ = sweeping.tick() => sweep(&cx, pace, &shutdown).await.map_err(Into::into),
        };
        if let Err(error) = done {
            tracing::warn!(error = format!("{error:#}"), "imports wait; trying again");
        }
    }
}

/// Applies all that waits now, one import after the other; answers how many. Whoever else does the same meanwhile takes others.
pub(crate) async fn all(
    cx: &Context,
    pace: Pace,
    shutdown: &CancellationToken,
) -> anyhow::Result<usize> {
    let mut imports = 0;
    while !shutdown.is_cancelled() {
        let Some(work) = Work::claim(cx).await? else {
            break;
        };
        tracing::info!(import = %work.id(), "import begins");
        // A worker that fails stops the others too; whoever takes the import again goes on where they were.
        try_join_all((0..pace.workers.max(1)).map(|_| work.run(shutdown))).await?;
        if shutdown.is_cancelled() {
            work.release().await?;
        }
        imports += 1;
    }
    Ok(imports)
}

async fn sweep(cx: &Context, pace: Pace, shutdown: &CancellationToken) -> sqlx::Result<()> {
    while !shutdown.is_cancelled() {
        let now = cx.clock.now();
        let mut db = cx.pool.acquire().await?;
        if !store::sweep(&mut db, now - BROKEN, now - pace.kept).await? {
            break;
        }
    }
    Ok(())
}
