//! Periodic work that finds what to do by itself and is safe to run twice.

use std::time::Duration;

use auth_token::denylist;
use contracts::events::UserDeleted;
use tokio_util::sync::CancellationToken;

use crate::app::AppState;
use crate::keyfiles::RELOAD_INTERVAL;
use crate::store::{claims, cleanup, devices, oidc, passkey_challenges, revocations};
use crate::workflows::{deletion, mail_requests};

const RECONCILE_INTERVAL: Duration = Duration::from_secs(2);
const DELETION_INTERVAL: Duration = Duration::from_secs(60);
/// How long Redis may take.
const PATIENCE: Duration = Duration::from_millis(500);
const CLEANUP_INTERVAL: Duration = Duration::from_secs(3600);
/// How long a device is known that is not used.
const DEVICES_KEPT: Duration = Duration::from_secs(365 * 24 * 3600);
/// How long ended sessions and used tokens are kept: reuse is recognised that long.
const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

pub(crate) async fn run(state: AppState, shutdown: CancellationToken) {
    // What was revoked while this process did not run, whether Redis still knows it or not.
    match current_revocations(&state, false).await {
        Ok(all) => all
            .iter()
            .for_each(|pending| state.deny(pending.revocation, pending.until)),
        Err(error) => tracing::warn!(error = format!("{error:#}"), "cannot read revocations"),
    }
    let mut reconcile = tokio::time::interval(RECONCILE_INTERVAL);
    let mut reload = tokio::time::interval(RELOAD_INTERVAL);
    let mut deletion = tokio::time::interval(DELETION_INTERVAL);
    let mut clean = tokio::time::interval(CLEANUP_INTERVAL);
    let mut answer = tokio::time::interval(RECONCILE_INTERVAL);
    for timer in [
        &mut reconcile,
        &mut reload,
        &mut deletion,
        &mut clean,
        &mut answer,
    ] {
        timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    }
    loop {
        let (job, result) = tokio::select! {
            () = shutdown.cancelled() => return,
            _ = reconcile.tick() => ("revocations", tell_revocations(&state).await),
            () = state.asked.notified() => ("mail requests", mail_requests::answer_all(&state).await),
            _ = answer.tick() => ("mail requests", mail_requests::answer_all(&state).await),
            _ = reload.tick() => ("signing keys", state.keys.reload()),
            _ = deletion.tick() => ("account deletions", delete_accounts(&state).await),
            _ = clean.tick() => ("cleanup", forget(&state).await),
        };
        if let Err(error) = result {
            tracing::warn!(
                job,
                error = format!("{error:#}"),
                "a job failed; it will be tried again"
            );
        }
    }
}

/// Tells Redis the revocations that it missed; all of them, when it may have forgotten what it was told.
pub(crate) async fn tell_revocations(state: &AppState) -> anyhow::Result<()> {
    let mut redis = state.redis.clone();
    let asking = denylist::untold_run(&mut redis);
    let untold = match tokio::time::timeout(PATIENCE, asking).await {
        Ok(Ok(untold)) => untold,
        // Away. What is new is still refused in this process, and telling it fails below, if there is something.
        Ok(Err(_)) | Err(_) => None,
    };
    let pending = current_revocations(state, untold.is_none()).await?;
    pending
        .iter()
        .for_each(|pending| state.deny(pending.revocation, pending.until));
    state.publish(&pending).await?;
    if let Some(run) = untold {
        tokio::time::timeout(PATIENCE, denylist::mark_told(&mut redis, &run)).await??;
        tracing::info!(revocations = pending.len(), "told a new or emptied Redis");
    }
    Ok(())
}

async fn current_revocations(
    state: &AppState,
    only_pending: bool,
) -> anyhow::Result<Vec<revocations::Pending>> {
    let (mut db, now) = (state.pool.acquire().await?, state.clock.now());
    let mut all = Vec::new();
    loop {
        let after = all.last().map_or(0, |last: &revocations::Pending| last.id);
        let page = revocations::current(&mut db, only_pending, after, now).await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

/// Deletes the accounts whose time has come.
pub(crate) async fn delete_accounts(state: &AppState) -> anyhow::Result<()> {
    let count = deletion::carry_out(state).await?;
    if count > 0 {
        tracing::info!(count, "deleted accounts at their owners' request");
    }
    Ok(())
}

async fn forget(state: &AppState) -> anyhow::Result<()> {
    let (mut db, now) = (state.pool.acquire().await?, state.clock.now());
    let rows = cleanup::forget_before(&mut db, now - KEPT).await?
        + oidc::forget_expired(&mut db, now).await?
        + passkey_challenges::forget_expired(&mut db, now).await?
        + devices::forget_before(&mut db, now - DEVICES_KEPT).await?;
    drop(db);
    if rows > 0 {
        tracing::info!(rows, "forgot what ended long ago");
    }
    remove_lost_claims(state).await
}

/// Removes accounts that claimed an address which is another's, and that nobody uses; then the salts of addresses that no
/// account has.
async fn remove_lost_claims(state: &AppState) -> anyhow::Result<()> {
    let now = state.clock.now();
    loop {
        let mut tx = state.pool.begin().await?;
        let removed = claims::remove_lost(&mut tx, now - KEPT).await?;
        for &user_id in &removed {
            let removed = UserDeleted { user_id };
            state.publisher.publish(&mut tx, &removed).await?;
        }
        tx.commit().await?;
        if removed.is_empty() {
            break;
        }
        tracing::info!(
            accounts = removed.len(),
            "removed accounts that lost their address"
        );
    }
    let mut db = state.pool.acquire().await?;
    claims::forget_salts(&mut db, now - CLEANUP_INTERVAL).await?;
    Ok(())
}

/// One round of the work that others see.
pub(crate) async fn settle(state: &AppState) -> anyhow::Result<()> {
    mail_requests::answer_all(state).await?;
    forget(state).await
}
