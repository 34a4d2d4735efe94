//! A timeline as `text/event-stream`: all of it, or what comes after `Last-Event-ID`, and then every entry as it is written.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse as _, Response};
use futures::stream;
use http_kit::{Error, Path, Problem};
use primitives::{OrderEventId, OrderId};
use runtime::live::{Follower, Look};
use serde_json::json;
use tokio::time::Instant;

use super::events::TimelineEntry;
use crate::app::AppState;
use crate::store;
use crate::workflows::access::{self, Caller};

/// A stream lasts so long; who follows connects again with `Last-Event-ID` and misses nothing.
const LONGEST: Duration = Duration::from_secs(3600);

/// What tells nginx to pass every entry on as it comes.
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Follow an order's timeline live
///
/// Entries are messages whose `data` is a `TimelineEntry` and whose `id` is the entry's, so that a client that connects again continues
/// after what it has. When the token ends the last message is `event: end` with the problem's code.
#[utoipa::path(get, path = "/api/orders/{id}/events/stream", operation_id = "followOrder", tag = "orders",
    params(("id" = OrderId, Path), ("Last-Event-ID" = Option<String>, Header, description = "The entry after which to continue")),
    responses((status = 200, content_type = "text/event-stream", body = String),
        (status = 503, body = Problem, description = "too_many_streams"), (status = "default", body = Problem)),
    security(("bearer" = []), ("order_token" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    caller: Caller,
    Path(id): Path<OrderId>,
    headers: HeaderMap,
) -> http_kit::Result<Response> {
    follow(app, caller, id, &headers).await
}

/// Answers the stream, also to who asks for the timeline as `text/event-stream`.
pub(crate) async fn follow(
    app: AppState,
    caller: Caller,
    order: OrderId,
    headers: &HeaderMap,
) -> http_kit::Result<Response> {
    let mut conn = app.pool.acquire().await?;
    access::readable(&mut conn, &caller, order).await?;
    let seen = match last_event(headers) {
        Some(entry) => store::order_events::place(&mut conn, order, entry).await?,
        None => None,
    };
    drop(conn);
    let follower = app.live.follow(order).ok_or_else(|| {
        Error::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "too_many_streams",
            "Too many timelines are followed just now: try again, or ask for the timeline without following it.",
        )
    })?;
    let stream = Stream {
        bearer: bearer(headers),
        caller,
        order,
        follower,
        seen: seen.unwrap_or(0),
        ready: VecDeque::from([Event::default().retry(Duration::from_secs(2))]),
        look_now: true,
        until: Instant::now() + LONGEST,
        app,
    };
    let messages = stream::unfold(Some(stream), async |stream| stream?.next().await);
    let no_buffering = (X_ACCEL_BUFFERING, HeaderValue::from_static("no"));
    Ok(([no_buffering], Sse::new(messages)).into_response())
}

/// The entry that the client has, if that is what it says.
fn last_event(headers: &HeaderMap) -> Option<OrderEventId> {
    headers.get("last-event-id")?.to_str().ok()?.parse().ok()
}

/// The access token, which was good when the stream began.
fn bearer(headers: &HeaderMap) -> Option<String> {
    let (_, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    Some(token.trim().to_owned())
}

struct Stream {
    app: AppState,
    caller: Caller,
    bearer: Option<String>,
    order: OrderId,
    follower: Follower<OrderId>,
    /// The last entry that was looked at, shown or not.
    seen: i64,
    ready: VecDeque<Event>,
    /// What there is before anything happens.
    look_now: bool,
    until: Instant,
}

type Message = Result<Event, Infallible>;

impl Stream {
    /// The next message, and what is left of the stream after it.
    async fn next(mut self) -> Option<(Message, Option<Self>)> {
        loop {
            if let Some(message) = self.ready.pop_front() {
                return Some((Ok(message), Some(self)));
            }
            let quiet = Duration::from_secs(self.app.timeline_heartbeat_seconds.into());
            let why = if std::mem::take(&mut self.look_now) {
                Look::Grown
            } else {
                self.follower.wait(quiet).await
            };
            if why == Look::Ended || Instant::now() >= self.until {
                return None;
            }
            match self.look().await {
                Ok(()) => {}
                // The database may come back before the client gives up.
                Err(error) if error.status().is_server_error() => {}
                Err(error) => {
                    let end = Event::default()
                        .event("end")
                        .data(json!({"code": error.code()}).to_string());
                    return Some((Ok(end), None));
                }
            }
            if self.ready.is_empty() && why == Look::Quiet {
                self.ready.push_back(Event::default().comment("quiet"));
            }
        }
    }

    /// Reads what is new, if the caller still may.
    async fn look(&mut self) -> http_kit::Result<()> {
        if let Some(token) = &self.bearer {
            self.caller.principal = Some(self.app.verifier.verify(token).await?);
        }
        let mut conn = self.app.pool.acquire().await?;
        let (_, viewer) = access::readable(&mut conn, &self.caller, self.order).await?;
        for event in store::order_events::after(&mut conn, self.order, self.seen).await? {
            self.seen = event.seq;
            let Some(entry) = TimelineEntry::shown_to(viewer, event) else {
                continue;
            };
            let data = serde_json::to_string(&entry).map_err(Error::internal)?;
            self.ready
                .push_back(Event::default().id(entry.id.to_string()).data(data));
        }
        Ok(())
    }
}
