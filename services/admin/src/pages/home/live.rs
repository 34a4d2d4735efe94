//! News of the first page as `text/event-stream`: only that there are some. The page then asks for itself anew, so that it never shows anything that its session
//! may not see. Whoever's session ends is told so, and hears nothing more.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse as _, Response};
use futures::stream;
use primitives::UserId;
use runtime::live::{Follower, Look};
use tokio::time::Instant;

use crate::app::AppState;
use crate::board::PanelPage;
use crate::error::Result;
use crate::session::{self, Session};

/// A stream lasts so long; a page that is still open connects again.
const LONGEST: Duration = Duration::from_secs(3600);
/// However much happens, a page is not asked for more often.
const PAUSE: Duration = Duration::from_secs(3);
/// Hours go by although nothing happens.
const ANYWAY: Duration = Duration::from_secs(60);

/// What tells nginx to pass every message on as it comes.
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

struct Following {
    app: AppState,
    headers: HeaderMap,
    user: UserId,
    follower: Follower<PanelPage>,
    /// The edition of the board that was told of.
    edition: u64,
    told: Instant,
    until: Instant,
    greeted: bool,
}

pub(super) async fn stream(
    State(app): State<AppState>,
    session: Session,
    headers: HeaderMap,
) -> Result<Response> {
    let Some(follower) = app.watching.follow(PanelPage::Home) else {
        // The browser does not try again; the page is as good without.
        let text = "Too many pages bring themselves up to date just now.";
        return Ok((StatusCode::SERVICE_UNAVAILABLE, text).into_response());
    };
    let following = Following {
        edition: app.board.edition(),
        user: session.user_id,
        app,
        headers,
        follower,
        told: Instant::now(),
        until: Instant::now() + LONGEST,
        greeted: false,
    };
    let messages = stream::unfold(Some(following), async |following| following?.next().await);
    let no_buffering = (X_ACCEL_BUFFERING, HeaderValue::from_static("no"));
    Ok(([no_buffering], Sse::new(messages)).into_response())
}

type Message = std::result::Result<Event, Infallible>;

impl Following {
    /// The next message, and what is left of the stream after it.
    async fn next(mut self) -> Option<(Message, Option<Self>)> {
        if !std::mem::replace(&mut self.greeted, true) {
            // So that the connection stands before anything happens.
            let hello = Event::default()
                .retry(Duration::from_secs(5))
                .comment("here");
            return Some((Ok(hello), Some(self)));
        }
        let mut why = self.follower.wait(self.app.heartbeat).await;
        if why == Look::Grown {
            // What happens meanwhile is told with it.
            let pause = PAUSE.saturating_sub(self.told.elapsed());
            let ended = tokio::time::timeout(pause, self.end()).await.is_ok();
            why = if ended { Look::Ended } else { why };
        }
        if why == Look::Ended || Instant::now() >= self.until {
            return None;
        }
        match session::still(&self.app, &self.headers).await {
            Ok(Some(session)) if session.user_id == self.user => {}
            // Redis or the database may come back before anybody notices.
            Err(_) => return Some((Ok(Event::default().comment("quiet")), Some(self))),
            Ok(_) => {
                let end = Event::default().event("end").data("signed out");
                return Some((Ok(end), None));
            }
        }
        let edition = self.app.board.edition();
        let news = why == Look::Grown || edition != self.edition || self.told.elapsed() >= ANYWAY;
        if !news {
            return Some((Ok(Event::default().comment("quiet")), Some(self)));
        }
        self.edition = edition;
        self.told = Instant::now();
        Some((Ok(Event::default().event("news").data("home")), Some(self)))
    }

    /// Until the service stops.
    async fn end(&mut self) {
        while self.follower.wait(LONGEST).await != Look::Ended {}
    }
}
