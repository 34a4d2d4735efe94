//! Hearing what has changed.
//!
//! Two things must be well for that: the stream (it gets its own pings back), and who publishes (no event waits in the outbox for long).
//! A replica that does not know both from just now is deaf, and keeps nothing for a second.

use std::collections::BTreeSet;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use messaging::watch::{self, Signal};
use secrecy::SecretString;
use sqlx::PgPool;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::tags::{Pace, of_event};
use super::{DEAF_LIFE, LIFE, Levels, Tag};
use crate::store::outbox;

/// What the answers are made of is told by these.
const PATTERNS: [&str; 4] = ["product.*", "inventory.*", "review.*", "category.*"];
/// A stream that was complete longer ago is as good as none.
const PATIENCE: Duration = Duration::from_millis(600);
/// How long changes of stock wait for others.
const GATHERING: Duration = Duration::from_millis(300);
/// Signals handled in one go.
const BATCH: usize = 512;

/// How often the outbox is looked at.
const LOOK: Duration = Duration::from_millis(200);

/// How well this process hears: up to when the stream was complete, and up to when the outbox was clear.
#[derive(Debug, Default)]
pub(super) struct Hearing(RwLock<(Option<Instant>, Option<Instant>)>);

impl Hearing {
    /// How old an entry may be.
    pub(super) fn life(&self) -> Duration {
        let (complete, clear) = *self.0.read().unwrap_or_else(PoisonError::into_inner);
        let just_now = |at: Option<Instant>| at.is_some_and(|at| at.elapsed() < PATIENCE);
        if just_now(complete) && just_now(clear) {
            LIFE
        } else {
            DEAF_LIFE
        }
    }

    fn complete(&self, at: Instant) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).0 = Some(at);
    }

    fn clear(&self, at: Instant) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).1 = Some(at);
    }
}

pub(super) async fn run(
    levels: &Levels,
    pool: &PgPool,
    amqp_url: SecretString,
    shutdown: CancellationToken,
) {
    let (tell, mut told) = mpsc::unbounded_channel();
    let hear = watch::run("product cache", &PATTERNS, amqp_url, shutdown, |signal| {
        // The other end lives as long as this.
        let _ = tell.send(signal);
    });
    tokio::select! {
        () = hear => {}
        () = apply(levels, &mut told) => {}
        () = look(&levels.hearing, pool) => {}
    }
}

/// Looks whether events are published in time, for ever.
async fn look(hearing: &Hearing, pool: &PgPool) {
    let mut timer = tokio::time::interval(LOOK);
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let at = timer.tick().await;
        let look = async { outbox::lags(&mut *pool.acquire().await?).await };
        match tokio::time::timeout(PATIENCE, look).await {
            Ok(Ok(false)) => hearing.clear(at),
            Ok(Ok(true)) => metrics::counter!("cache_outbox_lags_total").increment(1),
            // Then answers cannot be loaded either.
            Ok(Err(_)) | Err(_) => {}
        }
        let hears = if hearing.life() == LIFE { 1.0 } else { 0.0 };
        metrics::gauge!("cache_hears_changes").set(hears);
    }
}

/// Applies what is told, in order.
async fn apply(levels: &Levels, told: &mut mpsc::UnboundedReceiver<Signal>) {
    let mut soon = Gathered::default();
    let mut batch = Vec::new();
    loop {
        let count = tokio::select! {
            count = told.recv_many(&mut batch, BATCH) => count,
            () = tokio::time::sleep_until(soon.due) => {
                levels.change(&soon.take()).await;
                continue;
            }
        };
        if count == 0 {
            return;
        }
        let (mut now, mut complete) = (BTreeSet::new(), None);
        for signal in batch.drain(..) {
            match signal {
                Signal::Begins => {
                    levels.shared.distrust().await;
                    now.insert(Tag::Everything);
                }
                Signal::Event(event) => match of_event(&event.event_type, &event.data) {
                    (tags, Pace::Now) => now.extend(tags),
                    (tags, Pace::Soon) => soon.add(tags),
                },
                Signal::Complete(at) => complete = Some(at),
            }
        }
        if !now.is_empty() {
            let tags: Vec<Tag> = now.into_iter().collect();
            levels.change(&tags).await;
        }
        if let Some(at) = complete {
            levels.hearing.complete(at);
        }
    }
}

/// Changes that wait for others: the first one not at all, the next until some time has passed.
struct Gathered {
    tags: BTreeSet<Tag>,
    taken: Instant,
    due: Instant,
}

impl Default for Gathered {
    fn default() -> Self {
        let now = Instant::now();
        Self {
            tags: BTreeSet::new(),
            taken: now,
            due: never(),
        }
    }
}

impl Gathered {
    fn add(&mut self, tags: Vec<Tag>) {
        if self.tags.is_empty() {
            self.due = self.taken + GATHERING;
        }
        self.tags.extend(tags);
    }

    fn take(&mut self) -> Vec<Tag> {
        self.taken = Instant::now();
        self.due = never();
        std::mem::take(&mut self.tags).into_iter().collect()
    }
}

fn never() -> Instant {
    Instant::now() + Duration::from_secs(365 * 24 * 3600)
}
