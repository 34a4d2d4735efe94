//! Tokens that are refused before they expire.
//!
//! auth writes each revocation to a Redis stream; every process reads the stream and keeps it in memory, so that a logout
//! takes effect everywhere at once and costs a request nothing. While Redis is away the last known state is used; auth's database
//! has every revocation, and a Redis that may have lost some is told all of them again.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use primitives::{Clock, SessionId, Timestamp, UserId};
use redis::aio::ConnectionLike;
use redis::streams::{StreamId, StreamReadReply};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use crate::Claims;

/// The stream's key in Redis.
pub const STREAM: &str = "auth:revocations";
/// The run of Redis that has been told everything.
const TOLD: &str = "auth:revocations:told";
/// How far back the stream is read at start, and how long entries stay in it: longer than any access token lives.
const KEPT: Duration = Duration::from_secs(15 * 60);
const BLOCK: Duration = Duration::from_secs(5);

/// The revocations known to this process. Clones share them.
#[derive(Clone, Default)]
pub struct DenyList(Arc<RwLock<Entries>>);

#[derive(Default)]
struct Entries {
    /// Ended sessions, each until its last token has expired.
    sessions: HashMap<SessionId, Timestamp>,
    /// Users whose tokens from before a millisecond are refused.
    users: HashMap<UserId, (u64, Timestamp)>,
}

/// One revocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// All tokens of one sign-in.
    Session(SessionId),
    /// All tokens of a user issued before this moment.
    User(UserId, Timestamp),
}

impl DenyList {
    /// Refuses tokens in this process at once, without waiting for the stream.
    pub fn deny(&self, revocation: Revocation, until: Timestamp) {
        let mut entries = self.0.write().unwrap_or_else(PoisonError::into_inner);
        match revocation {
            Revocation::Session(id) => drop(entries.sessions.insert(id, until)),
            Revocation::User(id, before) => {
                let entry = entries.users.entry(id).or_insert((0, until));
                *entry = (entry.0.max(before.unix_millis()), entry.1.max(until));
            }
        }
    }

    pub(crate) fn denies(&self, claims: &Claims) -> bool {
        let entries = self.0.read().unwrap_or_else(PoisonError::into_inner);
        entries.sessions.contains_key(&claims.sid)
            || entries
                .users
                .get(&claims.sub)
                .is_some_and(|(before, _)| claims.issued_millis() < *before)
    }

    pub(crate) fn forget_before(&self, now: Timestamp) {
        let mut entries = self.0.write().unwrap_or_else(PoisonError::into_inner);
        entries.sessions.retain(|_, until| *until > now);
        entries.users.retain(|_, (_, until)| *until > now);
    }

    /// Reads the stream for ever.
    pub(crate) async fn mirror(self, redis_url: SecretString, clock: Clock) {
        loop {
            if let Err(error) = self.follow(&redis_url, &clock).await {
                tracing::warn!(error = %error, "cannot read revocations from Redis; trying again");
                metrics::counter!("denylist_interruptions_total").increment(1);
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    async fn follow(&self, redis_url: &SecretString, clock: &Clock) -> redis::RedisResult<()> {
        // From the beginning with every connection: it may be another Redis now, with other numbers. Hearing something twice
        // does no harm.
        let mut last = format!("{}-0", (clock.now() - KEPT).unix_millis());
        let client = redis::Client::open(redis_url.expose_secret())?;
        let config = redis::AsyncConnectionConfig::new()
            .set_connection_timeout(Some(Duration::from_secs(2)))
            .set_response_timeout(Some(BLOCK + Duration::from_secs(3)));
        let mut connection = client
            .get_multiplexed_async_connection_with_config(&config)
            .await?;
        loop {
            let reply: Option<StreamReadReply> = redis::cmd("XREAD")
                .arg("COUNT")
                .arg(1000)
                .arg("BLOCK")
                .arg(u64::try_from(BLOCK.as_millis()).unwrap_or(5000))
                .arg("STREAMS")
                .arg(STREAM)
                .arg(last.as_str())
                .query_async(&mut connection)
                .await?;
            for entry in reply
                .into_iter()
                .flat_map(|reply| reply.keys)
                .flat_map(|key| key.ids)
            {
                match read(&entry) {
                    Some((revocation, until)) => self.deny(revocation, until),
                    None => tracing::warn!(id = entry.id, "a revocation cannot be read"),
                }
                last = entry.id;
            }
            self.forget_before(clock.now());
        }
    }
}

fn read(entry: &StreamId) -> Option<(Revocation, Timestamp)> {
    let id: Uuid = entry.get::<String>("id")?.parse().ok()?;
    let until = Timestamp::from_unix(entry.get("until")?);
    match entry.get::<String>("kind")?.as_str() {
        "session" => Some((Revocation::Session(id.into()), until)),
        "user" => Some((
            Revocation::User(id.into(), from_millis(entry.get("before")?)),
            until,
        )),
        _ => None,
    }
}

fn from_millis(millis: u64) -> Timestamp {
    Timestamp::from_unix(0) + Duration::from_millis(millis)
}

/// Refuses all tokens of a session in every process. `until` is when the last of them expires.
pub async fn revoke_session(
    redis: &mut impl ConnectionLike,
    id: SessionId,
    until: Timestamp,
) -> redis::RedisResult<()> {
    revoke(redis, Revocation::Session(id), until).await
}

/// Refuses all tokens of a user that were issued before a moment, in every process.
pub async fn revoke_user(
    redis: &mut impl ConnectionLike,
    id: UserId,
    issued_before: Timestamp,
    until: Timestamp,
) -> redis::RedisResult<()> {
    revoke(redis, Revocation::User(id, issued_before), until).await
}

/// Whether this Redis has to be told all revocations again, because it may have lost some: it was restarted, emptied, or
/// another one took over. Gives what to mark with [`mark_told`] after that.
pub async fn untold_run(redis: &mut impl ConnectionLike) -> redis::RedisResult<Option<String>> {
    let (told, server): (Option<String>, String) = redis::pipe()
        .cmd("GET")
        .arg(TOLD)
        .cmd("INFO")
        .arg("server")
        .query_async(redis)
        .await?;
    let mut lines = server.lines();
    // Each start of a server has a name of its own.
    let run = lines.find_map(|line| line.strip_prefix("run_id:"));
    let run = run.unwrap_or("unknown").trim();
    Ok((told.as_deref() != Some(run)).then(|| run.to_owned()))
}

/// This run of Redis has been told every revocation that counts.
pub async fn mark_told(redis: &mut impl ConnectionLike, run: &str) -> redis::RedisResult<()> {
    let mut command = redis::cmd("SET");
    command.arg(TOLD).arg(run).query_async(redis).await
}

/// Tells every process of a revocation.
pub async fn revoke(
    redis: &mut impl ConnectionLike,
    what: Revocation,
    until: Timestamp,
) -> redis::RedisResult<()> {
    let mut command = redis::cmd("XADD");
    // Access tokens live shorter than KEPT: an entry older than that refuses nothing any more.
    let oldest = until
        .unix_millis()
        .saturating_sub(2 * u64::try_from(KEPT.as_millis()).unwrap_or(0));
    command
        .arg(STREAM)
        .arg("MINID")
        .arg("~")
        .arg(oldest)
        .arg("*");
    match what {
        Revocation::Session(id) => command
            .arg("kind")
            .arg("session")
            .arg("id")
            .arg(id.to_string()),
        Revocation::User(id, before) => command
            .arg("kind")
            .arg("user")
            .arg("id")
            .arg(id.to_string())
            .arg("before")
            .arg(before.unix_millis()),
    };
    command.arg("until").arg(until.unix());
    command.query_async::<String>(redis).await.map(drop)
}
