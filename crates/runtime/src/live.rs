//! Who follows something live, in this process.
//!
//! PostgreSQL tells every process what has grown (`NOTIFY` with a key); one connection listens for all who follow. What is told is only *that* there
//! is something: followers read it themselves, after what they have, so that nothing depends on a message.

use std::collections::HashMap;
use std::hash::Hash;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::PgPool;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_util::sync::CancellationToken;

/// How soon listening is tried again.
const PAUSE: Duration = Duration::from_secs(1);

/// What is followed, by the text that PostgreSQL tells of it.
pub trait Key: Copy + Eq + Hash + FromStr + Send + Sync + 'static {}
impl<K: Copy + Eq + Hash + FromStr + Send + Sync + 'static> Key for K {}

/// All who follow; cheap to clone.
#[derive(Clone)]
pub struct Live<K: Key>(Arc<Inner<K>>);

struct Inner<K> {
    channel: &'static str,
    followed: Mutex<HashMap<K, watch::Sender<()>>>,
    places: Arc<Semaphore>,
    ended: CancellationToken,
}

impl<K: Key> Live<K> {
    /// Nobody follows yet; so many may at once. `channel` is that of the notifications.
    pub fn new(channel: &'static str, places: u16) -> Self {
        Self(Arc::new(Inner {
            channel,
            followed: Mutex::default(),
            places: Arc::new(Semaphore::new(places.into())),
            ended: CancellationToken::new(),
        }))
    }

    /// Begins to follow. None if too many follow already.
    pub fn follow(&self, key: K) -> Option<Follower<K>> {
        let place = Arc::clone(&self.0.places).try_acquire_owned().ok()?;
        let grown = self.followed(|followed| {
            let sender = followed.entry(key).or_insert_with(|| watch::channel(()).0);
            sender.subscribe()
        });
        Some(Follower {
            live: self.clone(),
            key,
            grown,
            _place: place,
        })
    }

    /// Listens until the service stops, and then ends all who follow.
    pub async fn run(self, pool: PgPool, shutdown: CancellationToken) {
        let _ended = self.0.ended.clone().drop_guard();
        loop {
            let heard = tokio::select! {
                () = shutdown.cancelled() => return,
                heard = self.listen(&pool) => heard,
            };
            if let Err(error) = heard {
                tracing::warn!(channel = self.0.channel, %error, "nothing is heard growing: those who follow look by themselves");
            }
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(PAUSE) => {}
            }
        }
    }

    async fn listen(&self, pool: &PgPool) -> sqlx::Result<()> {
        let mut listener = crate::pg::listen(pool, self.0.channel).await?;
        loop {
            // Whatever came before this point may have been missed.
            self.followed(|followed| followed.values().for_each(|sender| sender.send_replace(())));
            while let Some(told) = listener.try_recv().await? {
                if let Ok(key) = told.payload().parse() {
                    self.followed(|followed| {
                        followed.get(&key).map(|sender| sender.send_replace(()))
                    });
                }
            }
        }
    }

    fn followed<T>(&self, f: impl FnOnce(&mut HashMap<K, watch::Sender<()>>) -> T) -> T {
        f(&mut self
            .0
            .followed
            .lock()
            .unwrap_or_else(PoisonError::into_inner))
    }
}

/// Somebody who follows. Whoever begins to follow before reading misses nothing.
pub struct Follower<K: Key> {
    live: Live<K>,
    key: K,
    grown: watch::Receiver<()>,
    _place: OwnedSemaphorePermit,
}

/// Why a follower looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// It has grown.
    Grown,
    /// Nothing was heard for a while.
    Quiet,
    /// The service stops.
    Ended,
}

impl<K: Key> Follower<K> {
    /// Waits until there is a reason to look, for so long at most.
    pub async fn wait(&mut self, quiet: Duration) -> Look {
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

impl<K: Key> Drop for Follower<K> {
    fn drop(&mut self) {
        let key = self.key;
        self.live.followed(|followed| {
            // The last who follows is this one.
            if followed
                .get(&key)
                .is_some_and(|sender| sender.receiver_count() <= 1)
            {
                followed.remove(&key);
            }
        });
    }
}
