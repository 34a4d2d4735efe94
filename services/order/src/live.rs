//! Who follows an order's timeline live, in this process.
//!
//! PostgreSQL tells every process when a timeline has grown (`LISTEN order_events`); one connection listens for all who follow. What is told
//! is only *that* there is something: followers read it themselves, after what they have, so that nothing depends on a message.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use primitives::OrderId;
use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_util::sync::CancellationToken;

/// How soon listening is tried again.
const PAUSE: Duration = Duration::from_secs(1);

/// All who follow; cheap to clone.
#[derive(Clone)]
pub(crate) struct Live(Arc<Inner>);

struct Inner {
    followed: Mutex<HashMap<OrderId, watch::Sender<()>>>,
    places: Arc<Semaphore>,
    ended: CancellationToken,
}

impl Live {
    /// Nobody follows yet; so many may at once.
    pub(crate) fn new(places: u16) -> Self {
        Self(Arc::new(Inner {
            followed: Mutex::default(),
            places: Arc::new(Semaphore::new(places.into())),
            ended: CancellationToken::new(),
        }))
    }

    /// Begins to follow an order. None if too many follow already.
    pub(crate) fn follow(&self, order: OrderId) -> Option<Follower> {
        let place = Arc::clone(&self.0.places).try_acquire_owned().ok()?;
        let grown = self.followed(|followed| {
            let sender = followed
                .entry(order)
                .or_insert_with(|| watch::channel(()).0);
            sender.subscribe()
        });
        Some(Follower {
            live: self.clone(),
            order,
            grown,
            _place: place,
        })
    }

    /// Listens until the service stops, and then ends all who follow.
    pub(crate) async fn run(self, pool: PgPool, shutdown: CancellationToken) {
        let _ended = self.0.ended.clone().drop_guard();
        loop {
            let heard = tokio::select! {
                () = shutdown.cancelled() => return,
                heard = self.listen(&pool) => heard,
            };
            if let Err(error) = heard {
                tracing::warn!(%error, "timelines are not heard growing: those who follow look by themselves");
            }
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(PAUSE) => {}
            }
        }
    }

    async fn listen(&self, pool: &PgPool) -> sqlx::Result<()> {
        let mut listener = PgListener::connect_with(pool).await?;
        listener.listen("order_events").await?;
        loop {
            // Whatever came before this point may have been missed.
            self.followed(|followed| followed.values().for_each(|sender| sender.send_replace(())));
            while let Some(told) = listener.try_recv().await? {
                if let Ok(order) = told.payload().parse() {
                    self.followed(|followed| {
                        followed.get(&order).map(|sender| sender.send_replace(()))
                    });
                }
            }
        }
    }

    fn followed<T>(&self, f: impl FnOnce(&mut HashMap<OrderId, watch::Sender<()>>) -> T) -> T {
        f(&mut self
            .0
            .followed
            .lock()
            .unwrap_or_else(PoisonError::into_inner))
    }
}

/// Somebody who follows an order. Whoever begins to follow before reading misses nothing.
pub(crate) struct Follower {
    live: Live,
    order: OrderId,
    grown: watch::Receiver<()>,
    _place: OwnedSemaphorePermit,
}

/// Why a follower looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// The timeline has grown.
    Grown,
    /// Nothing was heard for a while.
    Quiet,
    /// The service stops.
    Ended,
}

impl Follower {
    /// Waits until there is a reason to look, for so long at most.
    pub(crate) async fn wait(&mut self, quiet: Duration) -> Look {
        tokio::select! {
            biased;
            () = self.live.0.ended.cancelled() => Look::Ended,
            heard = self.grown.changed() => match heard {
                Ok(()) => Look::Grown,
                Err(_) => Look::Ended,
            },
            () = tokio::time::sleep(quiet) => Look::Quiet,
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let order = self.order;
        self.live.followed(|followed| {
            // The last who follows is this one.
            if followed
                .get(&order)
                .is_some_and(|sender| sender.receiver_count() <= 1)
            {
                followed.remove(&order);
            }
        });
    }
}
