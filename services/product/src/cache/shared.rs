//! The level that all replicas share: Redis. It may be away at any time, and then costs nothing: no call takes longer than 50 ms, and
//! after one that failed there is none until Redis answers in the background again.
//!
//! Redis' own clock decides. An entry has the time at which its loading began; a change leaves its time under `<prefix>:v1:t:<tag>`
//! for longer than entries live; an entry is good if it is younger than every change of what it is made of. So a slow loader may store what it
//! likes. Whoever could not tell of a change, or may have missed one, trusts only entries from after that (the floor).
//!
//! `v1` is the format of what is kept: a release that changes it counts on, and the two do not read each other.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, RedisResult, Script};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Notify;

use super::{Answer, LIFE, Tag};

/// The longest that a reader waits for Redis.
const PATIENCE: Duration = Duration::from_millis(50);
/// How often it is tried while it is away.
const RETRY: Duration = Duration::from_millis(500);
/// How long the background waits for it.
const CONNECT: Duration = Duration::from_secs(2);
/// How long a change is known: longer than any entry lives.
const CHANGE_KEPT: Duration = Duration::from_secs(2 * LIFE.as_secs());
/// Bigger answers stay in the process.
const BIGGEST: usize = 512 * 1024;

/// KEYS: the entry. ARGV: what tags begin with, the floor, the greatest age. Answers Redis' time and, if it is good, the entry.
const GET: &str = r"
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local e = redis.call('HMGET', KEYS[1], 'at', 'tags', 'etag', 'body')
local none = {now, false, false, false, false}
if not e[1] then return none end
local at = tonumber(e[1])
if at <= tonumber(ARGV[2]) or now - at > tonumber(ARGV[3]) then return none end
for tag in string.gmatch(e[2], '%S+') do
  local changed = redis.call('GET', ARGV[1] .. tag)
  if changed and tonumber(changed) >= at then return none end
end
return {now, at, e[2], e[3], e[4]}
";

/// KEYS: the tags. ARGV: how long they are kept, in milliseconds.
const CHANGE: &str = r"
local t = redis.call('TIME')
local now = string.format('%.0f', t[1] * 1000000 + t[2])
for _, key in ipairs(KEYS) do redis.call('SET', key, now, 'PX', ARGV[1]) end
return 1
";

/// Redis, when it is there.
pub(super) struct Shared {
    prefix: String,
    link: Mutex<Link>,
    broken: Notify,
    get: Script,
    change: Script,
}

#[derive(Default)]
struct Link {
    connection: Option<MultiplexedConnection>,
    /// In Redis' microseconds.
    floor: u64,
    /// Grows with every change that could not be told.
    missed: u64,
}

/// What Redis said.
#[derive(Debug, Default)]
pub(super) struct Reply {
    /// Its time, if it answered.
    pub(super) now: Option<u64>,
    pub(super) found: Option<Found>,
}

/// An entry that may be given.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) answer: Answer,
    pub(super) tags: Vec<Tag>,
    pub(super) age: Duration,
}

type Raw = (
    u64,
    Option<u64>,
    Option<String>,
    Option<String>,
    Option<Vec<u8>>,
);

impl Shared {
    pub(super) fn new(prefix: &str) -> Self {
        Self {
            prefix: format!("{prefix}:v1:"),
            link: Mutex::default(),
            broken: Notify::new(),
            get: Script::new(GET),
            change: Script::new(CHANGE),
        }
    }

    /// An entry that is good, not older than `life`.
    pub(super) async fn get(&self, key: &str, life: Duration) -> Reply {
        let Some((connection, floor)) = self.connection() else {
            return Reply::default();
        };
        let call = async |mut connection: MultiplexedConnection| {
            self.get
                .key(self.entry(key))
                .arg(self.tag(""))
                .arg(floor)
                .arg(micros(life))
                .invoke_async::<Raw>(&mut connection)
                .await
        };
        let Some((now, at, tags, etag, body)) = self.patiently(call(connection)).await else {
            return Reply::default();
        };
        let found = at.zip(tags).and_then(|(at, tags)| {
            Some(Found {
                answer: match body {
                    Some(body) => Answer::Found {
                        etag: etag?,
                        body: Bytes::from(body),
                    },
                    None => Answer::Missing,
                },
                tags: tags
                    .split_ascii_whitespace()
                    .map(str::parse)
                    .collect::<Result<_, _>>()
                    .ok()?,
                age: Duration::from_micros(now.saturating_sub(at)),
            })
        });
        Reply {
            now: Some(now),
            found,
        }
    }

    /// Keeps what was loaded from a time on.
    pub(super) async fn put(&self, key: &str, answer: &Answer, tags: &[Tag], began: u64) {
        if answer.len() > BIGGEST {
            return;
        }
        let Some((mut connection, _)) = self.connection() else {
            return;
        };
        let key = self.entry(key);
        let tags: Vec<String> = [Tag::Everything]
            .iter()
            .chain(tags)
            .map(Tag::to_string)
            .collect();
        let mut pipe = redis::pipe();
        // Another answer of the same address may have been there.
        pipe.atomic()
            .del(&key)
            .ignore()
            .hset(&key, "at", began)
            .ignore()
            .hset(&key, "tags", tags.join(" "))
            .ignore();
        if let Answer::Found { etag, body } = answer {
            pipe.hset(&key, "etag", etag).ignore();
            pipe.hset(&key, "body", &body[..]).ignore();
        }
        pipe.pexpire(&key, LIFE.as_millis().try_into().unwrap_or(i64::MAX))
            .ignore();
        let _: Option<()> = self
            .patiently(async { pipe.query_async(&mut connection).await })
            .await;
    }

    /// Tells all replicas that something has changed.
    pub(super) async fn change(&self, tags: &[Tag]) {
        let told = match self.connection() {
            None => None,
            Some((mut connection, _)) => {
                let mut call = self.change.prepare_invoke();
                for tag in tags {
                    call.key(self.tag(&tag.to_string()));
                }
                call.arg(micros(CHANGE_KEPT) / 1000);
                self.patiently(async { call.invoke_async::<i64>(&mut connection).await })
                    .await
            }
        };
        if told.is_none() {
            let mut link = self.link.lock().unwrap_or_else(PoisonError::into_inner);
            link.missed += 1;
            link.connection = None;
            self.broken.notify_one();
        }
    }

    /// Changes may have been missed: nothing from before now is trusted.
    pub(super) async fn distrust(&self) {
        self.drop_link();
    }

    /// Keeps a connection while Redis is there. Never ends.
    pub(super) async fn run(&self, url: SecretString) {
        loop {
            if let Err(error) = self.connect(&url).await {
                tracing::debug!(%error, "the shared cache is away");
                tokio::time::sleep(RETRY).await;
                continue;
            }
            self.broken.notified().await;
        }
    }

    async fn connect(&self, url: &SecretString) -> RedisResult<()> {
        loop {
            let missed = self
                .link
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .missed;
            let config = AsyncConnectionConfig::new()
                .set_connection_timeout(Some(CONNECT))
                .set_response_timeout(Some(CONNECT));
            let client = redis::Client::open(url.expose_secret())?;
            let mut connection = client
                .get_multiplexed_async_connection_with_config(&config)
                .await?;
            let (seconds, rest): (u64, u64) =
                redis::cmd("TIME").query_async(&mut connection).await?;
            let mut link = self.link.lock().unwrap_or_else(PoisonError::into_inner);
            // A change that came meanwhile was told to nobody: once more.
            if link.missed == missed {
                link.floor = seconds * 1_000_000 + rest;
                link.connection = Some(connection);
                return Ok(());
            }
        }
    }

    pub(super) fn is_there(&self) -> bool {
        self.connection().is_some()
    }

    fn connection(&self) -> Option<(MultiplexedConnection, u64)> {
        let link = self.link.lock().unwrap_or_else(PoisonError::into_inner);
        Some((link.connection.clone()?, link.floor))
    }

    /// Waits for Redis, but not long; whoever fails leaves it to the background.
    async fn patiently<T>(&self, call: impl Future<Output = RedisResult<T>>) -> Option<T> {
        match tokio::time::timeout(PATIENCE, call).await {
            Ok(Ok(answer)) => return Some(answer),
            Ok(Err(error)) => tracing::warn!(%error, "the shared cache failed"),
            Err(_) => tracing::warn!("the shared cache did not answer in time"),
        }
        metrics::counter!("cache_failures_total", "level" => "redis").increment(1);
        self.drop_link();
        None
    }

    fn drop_link(&self) {
        let mut link = self.link.lock().unwrap_or_else(PoisonError::into_inner);
        link.missed += 1;
        link.connection = None;
        self.broken.notify_one();
    }

    fn entry(&self, key: &str) -> String {
        format!("{}e:{key}", self.prefix)
    }

    fn tag(&self, tag: &str) -> String {
        format!("{}t:{tag}", self.prefix)
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
