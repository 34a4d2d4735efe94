//! Keeps recommendations up to date.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::app::Context;
use crate::workflows::recommendations;

/// What sells best is looked at so often.
const POPULAR: Duration = Duration::from_secs(60);
/// What has faded is dropped so often.
const PRUNE: Duration = Duration::from_secs(86_400);

/// Runs at once and then on a timer.
pub(crate) async fn run(cx: Context, every: Duration, shutdown: CancellationToken) {
    let mut timer = tokio::time::interval(every);
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut pruned = cx.clock.now();
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = timer.tick() => {}
        }
        let now = cx.clock.now();
        let mut result = all(&cx, POPULAR, &shutdown).await;
        if result.is_ok() && now.since(pruned) >= PRUNE {
            pruned = now;
            result = recommendations::prune(&cx).await.map(|_| ());
        }
        if let Err(error) = result {
            tracing::warn!(%error, "recommendations could not be made; trying again later");
        }
    }
}

/// So many steps of products are made before it is somebody else's turn: what is bought shall not wait for a catalogue that
/// was just imported.
const STEPS: usize = 10;

/// Does what there is to do now; of products a part, if they are many.
pub(crate) async fn all(
    cx: &Context,
    popular: Duration,
    shutdown: &CancellationToken,
) -> sqlx::Result<()> {
    let stop = || shutdown.is_cancelled();
    while !stop() && recommendations::count_baskets(cx).await? > 0 {}
    recommendations::remake_popular(cx, popular).await?;
    recommendations::ask_for_old(cx).await?;
    // Users last: what they may like is put together from what goes with what.
    for _ in 0..STEPS {
        if stop() || recommendations::remake_products(cx).await? == 0 {
            break;
        }
    }
    while !stop() && recommendations::remake_users(cx).await? > 0 {}
    Ok(())
}
