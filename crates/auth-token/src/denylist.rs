//! Revoked sessions and users. Auth writes them into a Redis stream; every process mirrors the stream in memory, so that a
//! revocation works within a second and costs a request no hop.
//!
//! An entry matters only as long as access tokens made before it may live, so the mirror starts by reading the last quarter
//! of an hour and forgets what is older. While Redis is away the mirror keeps what it knows, tokens go on being accepted,
//! and what was revoked meanwhile takes effect when Redis is back: an outage of Redis must not sign everybody out.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use primitives::{Clock, SessionId, Timestamp, UserId};
use redis::AsyncCommands as _;
use redis::aio::ConnectionManager;
use redis::streams::{StreamReadOptions, StreamReadReply};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const STREAM: &str = "auth:revocations";
/// Longer than any access token lives.
const WINDOW: Duration = Duration::from_secs(15 * 60);

/// Ends a session: its access tokens are refused from now on.
///
/// # Errors
/// Redis did not take it.
pub async fn revoke_session(redis: &mut ConnectionManager, id: SessionId, now: Timestamp) -> redis::RedisResult<()> {
    append(redis, "session", id.uuid(), now).await
}

/// Refuses all access tokens of a user that were made until now.
///
/// # Errors
/// Redis did not take it.
pub async fn revoke_user(redis: &mut ConnectionManager, id: UserId, now: Timestamp) -> redis::RedisResult<()> {
    append(redis, "user", id.uuid(), now).await
}

async fn append(redis: &mut ConnectionManager, kind: &str, id: Uuid, now: Timestamp) -> redis::RedisResult<()> {
    let oldest = (now - WINDOW).unix_millis();
    redis::cmd("XADD")
        .arg(STREAM)
        .arg("MINID")
        .arg("~")
        .arg(oldest)
        .arg("*")
        .arg(&[("kind", kind), ("id", &id.to_string()), ("at", &now.unix().to_string())])
        .query_async::<String>(redis)
        .await
        .map(drop)
}

/// What this process knows of revocations.
#[derive(Debug, Default)]
pub struct Mirror {
    revoked: RwLock<HashMap<Uuid, i64>>,
}

impl Mirror {
    /// Whether a token of this session and user, made at `issued_at` (seconds), is revoked. A token made in the very second
    /// of a user's revocation counts as older.
    pub fn is_revoked(&self, session: SessionId, user: UserId, issued_at: i64) -> bool {
        let revoked = self.revoked.read().unwrap_or_else(PoisonError::into_inner);
        revoked.contains_key(&session.uuid()) || revoked.get(&user.uuid()).is_some_and(|at| issued_at <= *at)
    }

    fn add(&self, id: Uuid, at: i64) {
        let mut revoked = self.revoked.write().unwrap_or_else(PoisonError::into_inner);
        let known = revoked.entry(id).or_insert(at);
        *known = (*known).max(at);
    }

    #[cfg(test)]
    pub(crate) fn revoke_for_test(&self, id: Uuid, at: i64) {
        self.add(id, at);
    }

    fn forget_before(&self, at: i64) {
        self.revoked.write().unwrap_or_else(PoisonError::into_inner).retain(|_, revoked_at| *revoked_at >= at);
    }

    /// Follows the stream until shutdown, reconnecting for ever. It has a connection of its own, because a blocking read holds it.
    pub async fn run(&self, redis: redis::Client, clock: Clock, shutdown: CancellationToken) {
        let mut position = format!("{}-0", (clock.now() - WINDOW).unix_millis());
        while !shutdown.is_cancelled() {
            let following = self.follow(&redis, &clock, &mut position);
            let error = tokio::select! {
                () = shutdown.cancelled() => return,
                Err(error) = following => error,
            };
            tracing::warn!(%error, "the deny-list cannot be read; revocations catch up when Redis is back");
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(Duration::from_millis(500)) => {}
            }
        }
    }

    async fn follow(&self, redis: &redis::Client, clock: &Clock, position: &mut String) -> redis::RedisResult<()> {
        // Our reads block for up to a second; the answer may take a little longer, not for ever.
        let config = redis::AsyncConnectionConfig::new().set_response_timeout(Some(Duration::from_secs(5)));
        let mut connection = redis.get_multiplexed_async_connection_with_config(&config).await?;
        let options = StreamReadOptions::default().block(1_000).count(1_000);
        loop {
            let reply: Option<StreamReadReply> = connection.xread_options(&[STREAM], &[position.as_str()], &options).await?;
            for entry in reply.into_iter().flat_map(|reply| reply.keys).flat_map(|key| key.ids) {
                let id = entry.get::<String>("id").and_then(|id| id.parse().ok());
                if let (Some(id), Some(at)) = (id, entry.get::<i64>("at")) {
                    self.add(id, at);
                }
                *position = entry.id;
            }
            self.forget_before((clock.now() - WINDOW).unix());
        }
    }
}
