//! What grows, as `text/event-stream`: first what there is, then every message as it comes.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::str::FromStr;
use std::time::Duration;

use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse as _, Response};
use futures::stream;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};
use runtime::live::{Follower, Key, Look};
use serde_json::json;
use tokio::time::Instant;

use crate::{Error, Result};

/// A stream lasts so long; who follows connects again with `Last-Event-ID` and misses nothing.
const LONGEST: Duration = Duration::from_secs(3600);

/// How soon a client connects again.
const RETRY: Duration = Duration::from_secs(2);

/// What tells nginx to pass every message on as it comes.
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// What somebody follows, and how far it was read.
pub trait Source: Send + 'static {
    /// Reads what is new if the caller still may. A fault of the server is tried again; any other error ends the stream, whose last message is
    /// `event: end` with the problem's code.
    fn look(&mut self) -> impl Future<Output = Result<News>> + Send;
}

/// What a look found.
#[derive(Debug, Default)]
pub struct News {
    /// To be told, oldest first.
    pub messages: VecDeque<Event>,
    /// There may be more of it at once.
    pub more: bool,
}

/// Answers the stream. Begin to follow before the first look, so that nothing falls between. After a `quiet` time a comment shows that it lives.
pub fn stream<K: Key>(follower: Follower<K>, quiet: Duration, source: impl Source) -> Response {
    let following = Following {
        source,
        follower,
        quiet,
        ready: VecDeque::from([Event::default().retry(RETRY)]),
        look_now: true,
        until: Instant::now() + LONGEST,
    };
    let messages = stream::unfold(Some(following), async |following| following?.next().await);
    let no_buffering = (X_ACCEL_BUFFERING, HeaderValue::from_static("no"));
    ([no_buffering], Sse::new(messages)).into_response()
}

/// What the client has already, if that is what it says.
pub fn last_event<T: FromStr>(headers: &HeaderMap) -> Option<T> {
    headers.get("last-event-id")?.to_str().ok()?.parse().ok()
}

/// The access token that the stream began with, to be verified again at each look.
pub fn bearer(headers: &HeaderMap) -> Option<String> {
    let (_, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    Some(token.trim().to_owned())
}

/// 503 `too_many_streams`.
pub fn too_many(detail: &'static str) -> Error {
    Error::new(
        http::StatusCode::SERVICE_UNAVAILABLE,
        "too_many_streams",
        detail,
    )
}

struct Following<K: Key, S> {
    source: S,
    follower: Follower<K>,
    quiet: Duration,
    ready: VecDeque<Event>,
    look_now: bool,
    until: Instant,
}

type Message = std::result::Result<Event, Infallible>;

impl<K: Key, S: Source> Following<K, S> {
    /// The next message, and what is left of the stream after it.
    async fn next(mut self) -> Option<(Message, Option<Self>)> {
        loop {
            if let Some(message) = self.ready.pop_front() {
                return Some((Ok(message), Some(self)));
            }
            let why = if std::mem::take(&mut self.look_now) {
                Look::Grown
            } else {
                self.follower.wait(self.quiet).await
            };
            if why == Look::Ended || Instant::now() >= self.until {
                return None;
            }
            match self.source.look().await {
                Ok(news) => (self.ready, self.look_now) = (news.messages, news.more),
                // The database may come back before the client gives up.
                Err(error) if error.status().is_server_error() => {}
                Err(error) => {
                    let end = json!({"code": error.code()}).to_string();
                    return Some((Ok(Event::default().event("end").data(end)), None));
                }
            }
            if self.ready.is_empty() && why == Look::Quiet {
                self.ready.push_back(Event::default().comment("quiet"));
            }
        }
    }
}
