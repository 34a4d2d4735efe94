//! Notifications as `text/event-stream`: those after `Last-Event-ID`, and then every one as it is made, by whichever replica.

use auth_token::{Principal, User};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::response::sse::Event;
use http_kit::live::{self, News, Source};
use http_kit::{Error, Problem};

use super::Notification;
use crate::app::AppState;
use crate::store::user_notifications as store;

/// Read at a time.
const BATCH: i64 = 100;

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
        live::too_many(
            "Too many follow their notifications just now: try again, or ask for the list.",
        )
    })?;
    let mut db = app.pool.acquire().await?;
    let seen = match live::last_event(&headers) {
        Some(id) => store::place(&mut db, user.user_id, id).await?,
        None => None,
    };
    let seen = match seen {
        Some(seen) => seen,
        None => store::newest(&mut db, user.user_id).await?,
    };
    drop(db);
    let quiet = app.heartbeat;
    let notifications = Notifications {
        bearer: live::bearer(&headers).unwrap_or_default(),
        user,
        seen,
        app,
    };
    Ok(live::stream(follower, quiet, notifications))
}

struct Notifications {
    app: AppState,
    user: Principal,
    bearer: String,
    /// The place of the last one that was told.
    seen: i64,
}

impl Source for Notifications {
    async fn look(&mut self) -> http_kit::Result<News> {
        let caller = self.app.verifier.verify(&self.bearer).await?;
        if caller.user_id != self.user.user_id {
            return Err(Error::forbidden("forbidden", "This is somebody else now."));
        }
        let mut db = self.app.pool.acquire().await?;
        let told = store::after(&mut db, self.user.user_id, self.seen, BATCH).await?;
        let mut news = News {
            more: told.len() == usize::try_from(BATCH).unwrap_or(usize::MAX),
            ..News::default()
        };
        for told in told {
            self.seen = told.seq;
            let view = Notification::from(told);
            let data = serde_json::to_string(&view).map_err(Error::internal)?;
            let event = Event::default().event("notification");
            news.messages
                .push_back(event.id(view.id.to_string()).data(data));
        }
        Ok(news)
    }
}
