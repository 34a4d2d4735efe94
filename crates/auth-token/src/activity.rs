//! When, and from where, each session was last seen.
//!
//! Every process notes it in memory when it accepts a token, and writes what is new to Redis four times a minute, in one go: no
//! request waits for it. What Redis holds is for people to look at; it may be late or missing, and nothing is decided by it.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use primitives::{SessionId, Timestamp};
use redis::aio::{ConnectionLike, ConnectionManager, ConnectionManagerConfig};
use redis::{Pipeline, RedisResult};
use secrecy::{ExposeSecret, SecretString};

/// How often it is written.
const INTERVAL: Duration = Duration::from_secs(15);
/// How long Redis keeps it. A session that was not seen for longer has not been refreshed for longer either, and auth's
/// database knows that to within the life of an access token.
const KEPT: Duration = Duration::from_secs(24 * 3600);
/// The most sessions that are remembered between two writes, some two megabytes.
const MOST: usize = 20_000;
/// So many go over the wire at once.
const BATCH: usize = 1000;
const PATIENCE: Duration = Duration::from_secs(1);

/// The last time a session was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// When, in whole seconds.
    pub at: Timestamp,
    /// The client's address.
    pub ip: IpAddr,
}

/// What this process has seen and not written yet. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Activity(Arc<Mutex<HashMap<SessionId, Seen>>>);

impl Activity {
    pub(crate) fn note(&self, session: SessionId, seen: Seen) {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if noted.len() < MOST || noted.contains_key(&session) {
            noted.insert(session, seen);
        } else {
            metrics::counter!("session_activity_dropped_total").increment(1);
        }
    }

    /// Writes it to Redis for ever.
    pub(crate) async fn write(&self, redis: &mut ConnectionManager) {
        let mut timer = tokio::time::interval(INTERVAL);
        timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            timer.tick().await;
            self.flush(redis).await;
        }
    }

    /// Writes what is new. What cannot be written now is tried again the next time.
    pub(crate) async fn flush(&self, redis: &mut impl ConnectionLike) {
        let noted = {
            let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *noted)
        };
        let noted: Vec<_> = noted.into_iter().collect();
        for (index, batch) in noted.chunks(BATCH).enumerate() {
            let written = tokio::time::timeout(PATIENCE, store(redis, batch)).await;
            if !matches!(written, Ok(Ok(()))) {
                metrics::counter!("session_activity_retries_total").increment(1);
                self.put_back(&noted[index * BATCH..]);
                return;
            }
        }
    }

    /// Unless they were seen again in the meantime.
    fn put_back(&self, unwritten: &[(SessionId, Seen)]) {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let room = MOST.saturating_sub(noted.len());
        for (session, seen) in unwritten.iter().take(room) {
            noted.entry(*session).or_insert(*seen);
        }
    }
}

/// A connection for [`Activity::write`], made when it is first used.
pub(crate) fn connection(redis_url: &SecretString) -> RedisResult<ConnectionManager> {
    let config = ConnectionManagerConfig::new()
        .set_connection_timeout(Some(PATIENCE))
        .set_response_timeout(Some(PATIENCE))
        .set_number_of_retries(1);
    ConnectionManager::new_lazy_with_config(redis::Client::open(redis_url.expose_secret())?, config)
}

async fn store(redis: &mut impl ConnectionLike, batch: &[(SessionId, Seen)]) -> RedisResult<()> {
    let mut pipeline = Pipeline::new();
    for (session, seen) in batch {
        let key = key(*session);
        pipeline
            .cmd("HSET")
            .arg(&key)
            .arg("seen")
            .arg(seen.at.unix())
            .arg("ip")
            .arg(seen.ip.to_string())
            .ignore();
        pipeline
            .cmd("EXPIRE")
            .arg(&key)
            .arg(KEPT.as_secs())
            .ignore();
    }
    pipeline.query_async(redis).await
}

/// When sessions were last seen by any process, in one round trip; nothing for those that Redis does not know.
pub async fn last_seen(
    redis: &mut impl ConnectionLike,
    sessions: &[SessionId],
) -> RedisResult<HashMap<SessionId, Seen>> {
    let mut pipeline = Pipeline::new();
    for session in sessions {
        pipeline
            .cmd("HMGET")
            .arg(key(*session))
            .arg("seen")
            .arg("ip");
    }
    if sessions.is_empty() {
        return Ok(HashMap::new());
    }
    let found: Vec<(Option<i64>, Option<String>)> = pipeline.query_async(redis).await?;
    let seen = sessions
        .iter()
        .zip(found)
        .filter_map(|(session, (at, ip))| {
            let (at, ip) = (Timestamp::from_unix(at?), ip?.parse().ok()?);
            Some((*session, Seen { at, ip }))
        });
    Ok(seen.collect())
}

/// Forgets sessions that have ended: where somebody was is nobody's business any more.
pub async fn forget(redis: &mut impl ConnectionLike, sessions: &[SessionId]) -> RedisResult<()> {
    if sessions.is_empty() {
        return Ok(());
    }
    let mut command = redis::cmd("UNLINK");
    for session in sessions {
        command.arg(key(*session));
    }
    command.query_async::<u64>(redis).await.map(drop)
}

fn key(session: SessionId) -> String {
    format!("auth:session:{session}")
}

#[cfg(test)]
mod tests {
    use primitives::{Clock, Random};

    use super::*;

    fn seen(second: i64) -> Seen {
        Seen {
            at: Timestamp::from_unix(1_800_000_000 + second),
            ip: "192.0.2.7".parse().unwrap(),
        }
    }

    fn session() -> SessionId {
        SessionId::new(Clock::system().now(), &Random::system())
    }

    #[tokio::test]
    async fn what_cannot_be_written_is_kept_unless_it_is_newer() {
        let away = SecretString::from("redis://127.0.0.1:1");
        let mut redis = connection(&away).unwrap();
        let activity = Activity::default();
        let (one, two) = (session(), session());
        activity.note(one, seen(1));
        activity.note(two, seen(1));
        activity.flush(&mut redis).await;
        activity.note(two, seen(2));
        activity.put_back(&[(two, seen(1))]);
        let noted = activity.0.lock().unwrap();
        assert_eq!((noted[&one], noted[&two]), (seen(1), seen(2)));
    }

    #[test]
    fn memory_is_bounded() {
        let activity = Activity::default();
        let first = session();
        activity.note(first, seen(1));
        for _ in 0..MOST + 100 {
            activity.note(session(), seen(1));
        }
        activity.note(first, seen(2));
        let noted = activity.0.lock().unwrap();
        assert_eq!((noted.len(), noted[&first]), (MOST, seen(2)));
    }

    /// Needs `REDIS_URL`.
    #[tokio::test]
    async fn it_is_read_back_in_one_go() {
        let url = std::env::var("REDIS_URL").unwrap_or_else(|_| "redis://127.0.0.1:26379".into());
        let mut redis = connection(&url.into()).unwrap();
        let activity = Activity::default();
        let (known, ended, unknown) = (session(), session(), session());
        activity.note(known, seen(1));
        activity.note(ended, seen(1));
        activity.flush(&mut redis).await;
        forget(&mut redis, &[ended]).await.unwrap();
        let found = last_seen(&mut redis, &[known, ended, unknown])
            .await
            .unwrap();
        assert_eq!(found, HashMap::from([(known, seen(1))]));
        assert!(activity.0.lock().unwrap().is_empty());
    }
}
