//! Delivers what third parties are to be told. Nothing is held while a request is under way but a row's claim, which runs out by itself if this
//! process is killed; then the delivery is made again, with the same id.

use std::time::Duration;

use primitives::{NotificationId, Timestamp};
use sqlx::PgConnection;
use sqlx::postgres::PgListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::app::AppState;
use crate::clients::webhooks::{Answer, Sending};
use crate::domain::webhooks::schedule::{GIVEN_UP_AFTER, pause};
use crate::domain::webhooks::signature::{self, Secret};
use crate::store;
use crate::store::webhooks::work::{self, Attempt, Claimed, Turn};
use crate::store::webhooks::{deliveries, endpoints};

/// Requests of one process at a time.
const AT_ONCE: usize = 32;
/// Requests to one endpoint at a time, of all processes.
const EACH: i64 = 4;
/// How much longer than a request may take its claim lasts.
const GRACE: Duration = Duration::from_secs(30);
/// How often work is looked for that nobody told of.
const POLL: Duration = Duration::from_secs(5);
/// How long deliveries are kept.
const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);
const PRUNE_EVERY: Duration = Duration::from_secs(3600);
const PRUNE: i64 = 1000;
const PAUSE: Duration = Duration::from_secs(1);

/// Works until the service stops; what has begun is finished.
pub(crate) async fn run(app: AppState, shutdown: CancellationToken) {
    let mut under_way = JoinSet::new();
    let mut prune = tokio::time::interval(PRUNE_EVERY);
    let mut listener = None;
    loop {
        let due = match claim(&app, AT_ONCE - under_way.len()).await {
            Ok(due) => due,
            Err(error) => {
                tracing::warn!(%error, "webhooks: nothing can be claimed");
                Vec::new()
            }
        };
        let busy = !due.is_empty();
        for claimed in due {
            under_way.spawn(deliver(app.clone(), claimed));
        }
        if listener.is_none() {
            listener = listen(&app).await;
        }
        if busy && under_way.len() < AT_ONCE {
            // Perhaps there was more than one page of it.
            continue;
        }
        tokio::select! {
            () = shutdown.cancelled() => break,
            Some(_) = under_way.join_next() => {}
            heard = super::hear(&mut listener) => {
                if !heard {
                    listener = None;
                    tokio::time::sleep(PAUSE).await;
                }
            }
            _ = prune.tick() => forget(&app).await,
            () = tokio::time::sleep(POLL) => {}
        }
    }
    while under_way.join_next().await.is_some() {}
}

/// Delivers what is due until nothing is; how many tries that were.
pub(crate) async fn all(app: &AppState) -> sqlx::Result<usize> {
    let mut count = 0;
    loop {
        let due = claim(app, AT_ONCE).await?;
        if due.is_empty() {
            return Ok(count);
        }
        count += due.len();
        let mut under_way = JoinSet::new();
        for claimed in due {
            under_way.spawn(deliver(app.clone(), claimed));
        }
        while under_way.join_next().await.is_some() {}
    }
}

async fn listen(app: &AppState) -> Option<PgListener> {
    runtime::pg::listen(&app.pool, "webhook_deliveries")
        .await
        .ok()
}

async fn claim(app: &AppState, free: usize) -> sqlx::Result<Vec<Claimed>> {
    if free == 0 {
        return Ok(Vec::new());
    }
    let now = app.clock.now();
    let turn = Turn {
        now,
        until: now + app.webhook_timeout + GRACE,
        limit: i64::try_from(free).unwrap_or(i64::MAX),
        each: EACH,
    };
    work::claim(&app.pool, turn).await
}

async fn deliver(app: AppState, claimed: Claimed) {
    if let Err(error) = attempt(&app, &claimed).await {
        // Its claim runs out, and it is tried again.
        tracing::error!(error = format!("{error:#}"), delivery = %claimed.delivery, "a webhook's delivery could not be noted");
    }
}

async fn attempt(app: &AppState, claimed: &Claimed) -> anyhow::Result<()> {
    let at = app.clock.now();
    let secrets: Result<Vec<Secret>, _> = claimed
        .secrets
        .iter()
        .map(|secret| secret.parse())
        .collect();
    let body = claimed.message.body(claimed.personal_data)?;
    let signature = signature::header(&secrets?, claimed.message.id, at, &body);
    let sending = Sending {
        url: &claimed.url,
        id: claimed.message.id,
        at,
        signature: &signature,
        body,
    };
    let answer = app.webhooks.send(sending).await;
    note(app, claimed, at, &signature, &answer).await
}

/// Writes down what came of it, and what follows.
async fn note(
    app: &AppState,
    claimed: &Claimed,
    at: Timestamp,
    signature: &str,
    answer: &Answer,
) -> anyhow::Result<()> {
    let now = app.clock.now();
    let status = answer.status.map(i32::from);
    let [chance] = app.random.bytes::<1>();
    let mut tx = app.pool.begin().await?;
    let attempt = Attempt {
        id: Uuid::from(primitives::DeliveryId::new(at, &app.random)),
        at,
        signature,
        status,
        answer: &answer.text,
        error: answer.error.as_deref(),
        latency_ms: i32::try_from(answer.latency.as_millis()).unwrap_or(i32::MAX),
    };
    work::note(&mut tx, claimed, &attempt).await?;
    let outcome = match answer.status {
        Some(200..=299) => {
            work::delivered(&mut tx, claimed, status, now).await?;
            "delivered"
        }
        Some(410) => {
            work::failed(&mut tx, claimed, status, None, now).await?;
            let why = "answered 410 Gone: it wants no more.";
            switch_off(&mut tx, app, claimed, "gone", why, now).await?;
            "gone"
        }
        _ => {
            let again =
                pause(claimed.tries + 1, answer.retry_after, chance).map(|pause| now + pause);
            let since = work::failed(&mut tx, claimed, status, again, now).await?;
            if again.is_none() && since.is_some_and(|since| now.since(since) >= GIVEN_UP_AFTER) {
                let why = "let nothing through for three days.";
                switch_off(&mut tx, app, claimed, "failing", why, now).await?;
            }
            if again.is_none() {
                "given_up"
            } else {
                "failed"
            }
        }
    };
    tx.commit().await?;
    metrics::counter!("webhook_deliveries_total", "outcome" => outcome).increment(1);
    Ok(())
}

/// Switches an endpoint off and tells staff.
async fn switch_off(
    tx: &mut PgConnection,
    app: &AppState,
    claimed: &Claimed,
    because: &str,
    why: &str,
    now: Timestamp,
) -> sqlx::Result<()> {
    if !endpoints::disable(tx, claimed.endpoint, because, now).await? {
        return Ok(());
    }
    let host = url::Url::parse(&claimed.url).ok();
    let host = host.as_ref().and_then(url::Url::host_str).unwrap_or("?");
    store::notifications::insert(
        tx,
        NotificationId::new(now, &app.random),
        now,
        "webhook.disabled",
        &format!("webhook:{}", claimed.endpoint),
        &format!("The webhook to {host} is switched off: it {why}"),
    )
    .await
}

async fn forget(app: &AppState) {
    let before = app.clock.now() - KEPT;
    let forgotten: sqlx::Result<()> = async {
        let mut db = app.pool.acquire().await?;
        while deliveries::prune(&mut db, before, PRUNE).await? > 0 {}
        Ok(())
    }
    .await;
    if let Err(error) = forgotten {
        tracing::warn!(%error, "old webhook deliveries could not be forgotten");
    }
}
