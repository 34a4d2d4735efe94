//! A timeline as `text/event-stream`: all of it, or what comes after `Last-Event-ID`, and then every entry as it is written.

use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::response::sse::Event;
use http_kit::live::{self, News, Source};
use http_kit::{Error, Path, Problem};
use primitives::{OrderEventId, OrderId};

use super::events::TimelineEntry;
use crate::app::AppState;
use crate::store;
use crate::workflows::access::{self, Caller};

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
    let seen = match live::last_event::<OrderEventId>(headers) {
        Some(entry) => store::order_events::place(&mut conn, order, entry).await?,
        None => None,
    };
    drop(conn);
    let follower = app.live.follow(order).ok_or_else(|| {
        live::too_many("Too many timelines are followed just now: try again, or ask for the timeline without following it.")
    })?;
    let quiet = Duration::from_secs(app.timeline_heartbeat_seconds.into());
    let timeline = Timeline {
        bearer: live::bearer(headers),
        caller,
        order,
        seen: seen.unwrap_or(0),
        app,
    };
    Ok(live::stream(follower, quiet, timeline))
}

struct Timeline {
    app: AppState,
    caller: Caller,
    bearer: Option<String>,
    order: OrderId,
    /// The last entry that was looked at, shown or not.
    seen: i64,
}

impl Source for Timeline {
    async fn look(&mut self) -> http_kit::Result<News> {
        if let Some(token) = &self.bearer {
            self.caller.principal = Some(self.app.verifier.verify(token).await?);
        }
        let mut conn = self.app.pool.acquire().await?;
        let (_, viewer) = access::readable(&mut conn, &self.caller, self.order).await?;
        let mut news = News::default();
        for event in store::order_events::after(&mut conn, self.order, self.seen).await? {
            self.seen = event.seq;
            let Some(entry) = TimelineEntry::shown_to(viewer, event) else {
                continue;
            };
            let data = serde_json::to_string(&entry).map_err(Error::internal)?;
            news.messages
                .push_back(Event::default().id(entry.id.to_string()).data(data));
        }
        Ok(news)
    }
}
