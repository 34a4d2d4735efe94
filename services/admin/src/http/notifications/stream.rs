//! Notifications as `text/event-stream`: those after `Last-Event-ID`, and then every one as it is made, by whichever replica.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use auth_token::{Principal, User};
use axum::extract::State;
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse as _, Response};
use futures::stream;
use http_kit::{Error, Problem};
use primitives::{NotificationId, UserId};
use runtime::live::{Follower, Look};
use serde_json::json;
use tokio::time::Instant;

use super::Notification;
use crate::app::AppState;
use crate::store::user_notifications as store;

/// A stream lasts so long; who follows connects again with `Last-Event-ID` and misses nothing.
const LONGEST: Duration = Duration::from_secs(3600);
/// Read at a time.
const BATCH: i64 = 100;

/// What tells nginx to pass every message on as it comes.
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Hear of notifications as they are made
///
/// Messages of the type `notification`, whose `data` is a `Notification` and whose `id` is its id: a client that connects again with
/// `Last-Event-ID` continues after what it has. Without it only new ones come. When the token ends, the last message is `event: end` with the problem's code.
#[utoipa::path(get, path = "/api/notifications/stream", operation_id = "followNotifications", tag = "notifications",
    params(("Last-Event-ID" = Option<String>, Header, description = "The notification after which to continue")),
    responses((status = 200, content_type = "text/event-stream", body = String),
        (status = 503, body = Problem, description = "too_many_streams"), (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    User(user): User,
    headers: HeaderMap,
) -> http_kit::Result<Response> {
    // First follow, then look: nothing falls between.
    let follower = app.live.follow(user.user_id).ok_or_else(|| {
        Error::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "too_many_streams",
            "Too many follow their notifications just now: try again, or ask for the list.",
        )
    })?;
    let mut db = app.pool.acquire().await?;
    let seen = match last_event(&headers) {
        Some(id) => store::place(&mut db, user.user_id, id).await?,
        None => None,
    };
    let seen = match seen {
        Some(seen) => seen,
        None => store::newest(&mut db, user.user_id).await?,
    };
    drop(db);
    let stream = Stream {
        bearer: bearer(&headers).unwrap_or_default(),
        user,
        follower,
        seen,
        ready: VecDeque::from([Event::default().retry(Duration::from_secs(2))]),
        look_now: true,
        until: Instant::now() + LONGEST,
        app,
    };
    let messages = stream::unfold(Some(stream), async |stream| stream?.next().await);
    let no_buffering = (X_ACCEL_BUFFERING, HeaderValue::from_static("no"));
    Ok(([no_buffering], Sse::new(messages)).into_response())
}

/// The notification that the client has, if that is what it says.
fn last_event(headers: &HeaderMap) -> Option<NotificationId> {
    headers.get("last-event-id")?.to_str().ok()?.parse().ok()
}

/// The access token, which was good when the stream began.
fn bearer(headers: &HeaderMap) -> Option<String> {
    let (_, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    Some(token.trim().to_owned())
}

struct Stream {
    app: AppState,
    user: Principal,
    bearer: String,
    follower: Follower<UserId>,
    /// The place of the last one that was told.
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
            let why = if std::mem::take(&mut self.look_now) {
                Look::Grown
            } else {
                self.follower.wait(self.app.heartbeat).await
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

    /// Reads what is new, if the token is still good.
    async fn look(&mut self) -> http_kit::Result<()> {
        let caller = self.app.verifier.verify(&self.bearer).await?;
        if caller.user_id != self.user.user_id {
            return Err(Error::forbidden("forbidden", "This is somebody else now."));
        }
        let mut db = self.app.pool.acquire().await?;
        let told = store::after(&mut db, self.user.user_id, self.seen, BATCH).await?;
        // There may be more than one page of it.
        self.look_now = told.len() == usize::try_from(BATCH).unwrap_or(usize::MAX);
        for told in told {
            self.seen = told.seq;
            let view = Notification::from(told);
            let data = serde_json::to_string(&view).map_err(Error::internal)?;
            let event = Event::default().event("notification");
            self.ready
                .push_back(event.id(view.id.to_string()).data(data));
        }
        Ok(())
    }
}
