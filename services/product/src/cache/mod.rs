//! Answers that everybody gets, kept as ready bytes: in this process, and in Redis for all replicas.
//!
//! What always holds: an answer is never older than a second after the change that it does not show was committed. Changes are told
//! by the service's own events, which every replica hears ([`follow`]); an answer is given only while nothing that it is made of
//! has changed since its loading *began* ([`epochs`]), so a slow loader cannot bring back what is gone. While a replica cannot hear,
//! its entries live for less than a second. Of all who ask for the same at once, one loads it ([`flights`]). Redis may be away at
//! any time ([`shared`]). Sellers and staff get nothing from here.

mod answer;
mod epochs;
mod flights;
mod follow;
mod shared;
mod tags;

use std::sync::Arc;
use std::time::Duration;

use axum::http::Uri;
use http_kit::{Error, Result};
use secrecy::SecretString;
use sqlx::PgPool;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub(crate) use answer::{Answer, Audience, Loaded};
pub(crate) use tags::Tag;

use epochs::{Epoch, Epochs};
use flights::Flights;
use follow::Hearing;
use shared::Shared;

/// How long an answer may be used while every change is heard.
const LIFE: Duration = Duration::from_secs(30);
/// And how long while they are not.
const DEAF_LIFE: Duration = Duration::from_millis(900);
/// A longer address is not worth keeping.
const LONGEST_KEY: usize = 1024;
/// What an entry takes beside its bytes.
const OVERHEAD: usize = 256;

/// What is kept.
#[derive(Debug, Clone, clap::Args)]
pub struct CacheSettings {
    /// How many megabytes of answers each process keeps ready; 0: none, not even in Redis.
    #[arg(long, env = "CACHE_MEGABYTES", default_value_t = 64)]
    pub cache_megabytes: u64,
    /// What the cache's keys in Redis begin with.
    #[arg(long, env = "CACHE_PREFIX", default_value = "product:cache")]
    pub cache_prefix: String,
}

/// The cache of one process. Clones share it.
#[derive(Clone)]
pub(crate) struct Cache(Option<Arc<Levels>>);

struct Levels {
    memory: moka::future::Cache<String, Arc<Entry>>,
    epochs: Epochs,
    hearing: Hearing,
    flights: Flights,
    shared: Shared,
}

/// An answer with what decides whether it may still be given.
#[derive(Debug)]
struct Entry {
    answer: Answer,
    tags: Vec<Tag>,
    /// When its loading began: as the changes are counted here, and by the clock.
    epoch: Epoch,
    began: Instant,
}

impl Cache {
    pub(crate) fn new(settings: &CacheSettings) -> Self {
        if settings.cache_megabytes == 0 {
            return Self(None);
        }
        let memory = moka::future::Cache::builder()
            .max_capacity(settings.cache_megabytes * 1024 * 1024)
            .weigher(|key: &String, entry: &Arc<Entry>| {
                let bytes = OVERHEAD + key.len() + entry.answer.len();
                u32::try_from(bytes).unwrap_or(u32::MAX)
            })
            .time_to_live(LIFE)
            .eviction_listener(|_, _, cause| {
                if cause == moka::notification::RemovalCause::Size {
                    metrics::counter!("cache_evictions_total", "level" => "memory").increment(1);
                }
            })
            .build();
        Self(Some(Arc::new(Levels {
            memory,
            epochs: Epochs::default(),
            hearing: Hearing::default(),
            flights: Flights::default(),
            shared: Shared::new(&settings.cache_prefix),
        })))
    }

    /// The answer for an address: a kept one, or what `load` makes.
    pub(crate) async fn get(
        &self,
        uri: &Uri,
        load: impl Future<Output = Result<Loaded>>,
    ) -> Result<Loaded> {
        let key = uri
            .path_and_query()
            .map_or(uri.path(), |whole| whole.as_str());
        match &self.0 {
            Some(levels) if key.len() <= LONGEST_KEY => levels.get(key, load).await,
            _ => load.await,
        }
    }

    /// Whether changes are heard, and whether Redis is there.
    pub(crate) fn state(&self) -> (bool, bool) {
        self.0.as_ref().map_or((false, false), |levels| {
            (levels.hearing.life() == LIFE, levels.shared.is_there())
        })
    }

    /// Hears of changes until `shutdown`.
    pub(crate) async fn follow(
        &self,
        pool: &PgPool,
        amqp_url: SecretString,
        shutdown: CancellationToken,
    ) {
        match &self.0 {
            Some(levels) => follow::run(levels, pool, amqp_url, shutdown).await,
            // A task that ends before its service stops it.
            None => shutdown.cancelled().await,
        }
    }

    /// Keeps the way to Redis open until `shutdown`.
    pub(crate) async fn share(&self, redis_url: SecretString, shutdown: CancellationToken) {
        match &self.0 {
            Some(levels) => tokio::select! {
                () = shutdown.cancelled() => {}
                () = levels.shared.run(redis_url) => {}
            },
            None => shutdown.cancelled().await,
        }
    }
}

impl Levels {
    async fn get(&self, key: &str, load: impl Future<Output = Result<Loaded>>) -> Result<Loaded> {
        if let Some(entry) = self.remembered(key).await {
            count("memory", "hit");
            return Ok(Loaded::kept(&entry.answer));
        }
        let flight = self.flights.join(key);
        let Some(turn) = flight.turn().await else {
            return Err(Error::unavailable(anyhow::anyhow!(
                "what this request waited for could not be loaded"
            )));
        };
        // While this one waited, another may have loaded it.
        if let Some(entry) = self.remembered(key).await {
            count("memory", "joined");
            return Ok(Loaded::kept(&entry.answer));
        }
        count("memory", "miss");
        let (epoch, began) = (self.epochs.now(), Instant::now());
        let life = self.hearing.life();
        let shared = self.shared.get(key, life).await;
        if let Some(found) = shared.found {
            count("redis", "hit");
            let entry = Entry {
                answer: found.answer,
                tags: found.tags,
                epoch,
                began: began.checked_sub(found.age).unwrap_or(began),
            };
            let loaded = Loaded::kept(&entry.answer);
            self.remember(key, entry).await;
            return Ok(loaded);
        }
        if shared.now.is_some() {
            count("redis", "miss");
        }
        let loaded = match load.await {
            Ok(loaded) => loaded,
            Err(error) => {
                if error.status().is_server_error() {
                    turn.failed();
                } else {
                    turn.scatter();
                }
                return Err(error);
            }
        };
        metrics::counter!("cache_loads_total").increment(1);
        metrics::histogram!("cache_load_seconds").record(began.elapsed().as_secs_f64());
        if let Loaded::Keep(answer, tags) = &loaded {
            let entry = Entry {
                answer: answer.clone(),
                tags: tags.clone(),
                epoch,
                began,
            };
            if self.epochs.unchanged(entry.epoch, &entry.tags) {
                if let Some(now) = shared.now {
                    self.shared.put(key, answer, tags, now).await;
                }
                self.remember(key, entry).await;
            }
        } else {
            // Others may get something else; they load for themselves, and at once.
            turn.scatter();
        }
        Ok(loaded)
    }

    /// A kept answer that may be given.
    async fn remembered(&self, key: &str) -> Option<Arc<Entry>> {
        let entry = self.memory.get(key).await?;
        let fresh = entry.began.elapsed() < self.hearing.life()
            && self.epochs.unchanged(entry.epoch, &entry.tags);
        fresh.then_some(entry)
    }

    async fn remember(&self, key: &str, entry: Entry) {
        self.memory.insert(key.to_owned(), Arc::new(entry)).await;
    }

    /// What is made of these is not given any more: by Redis first, so that nobody here takes from there what is gone.
    async fn change(&self, tags: &[Tag]) {
        self.shared.change(tags).await;
        self.epochs.change(tags);
        metrics::counter!("cache_changes_total").increment(1);
    }
}

fn count(level: &'static str, outcome: &'static str) {
    metrics::counter!("cache_requests_total", "level" => level, "outcome" => outcome).increment(1);
}
