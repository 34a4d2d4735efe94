use auth_token::Person;
use axum::extract::State;
use http_kit::{Json, Page, Result};
use primitives::{SessionId, Timestamp, UserId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::AppState;
use crate::domain::device::device_name;
use crate::http::problems::SignedIn;
use crate::store::sessions::{self, Device};

/// A sign-in that has not ended.
#[derive(Serialize, ToSchema)]
pub(crate) struct SessionView {
    id: SessionId,
    /// Whether it is the one that asks.
    current: bool,
    /// What people call the device, as far as it says.
    #[schema(example = "Firefox on Linux")]
    device: String,
    user_agent: Option<String>,
    /// Where it was last seen.
    ip: Option<String>,
    created_at: Timestamp,
    /// When it was last refreshed.
    last_used_at: Timestamp,
    /// When it was last seen, by any service.
    last_seen_at: Timestamp,
    expires_at: Timestamp,
}

/// List my sessions
#[utoipa::path(get, path = "/api/auth/sessions", tag = "auth", security(("bearer" = [])),
    responses((status = 200, body = Page<SessionView>), SignedIn))]
pub(crate) async fn list_sessions(
    State(state): State<AppState>,
    user: Person,
    device: Device,
) -> Result<Json<Page<SessionView>>> {
    let (now, mut views) = of_user(&state, user.user_id).await?;
    // This one is here now, which Redis hears later.
    for view in views.iter_mut().filter(|view| view.id == user.session_id) {
        view.current = true;
        view.last_seen_at = now;
        view.ip = device.ip.map(|ip| ip.to_string());
    }
    Ok(Json(Page {
        data: views,
        next_cursor: None,
    }))
}

/// The sessions of a user that have not ended, and what time it is.
pub(crate) async fn of_user(
    state: &AppState,
    user: UserId,
) -> Result<(Timestamp, Vec<SessionView>)> {
    let now = state.clock.now();
    let sessions = sessions::list(&mut *state.pool.acquire().await?, user, now).await?;
    let ids: Vec<_> = sessions.iter().map(|session| session.id).collect();
    let seen = state.last_seen(&ids).await;
    let views = sessions.into_iter().map(|session| {
        let seen = seen.get(&session.id);
        // Redis may know less than the database, or nothing.
        let seen = seen.filter(|seen| seen.at >= session.last_used_at);
        SessionView {
            device: device_name(session.user_agent.as_deref()),
            last_seen_at: seen.map_or(session.last_used_at, |seen| seen.at),
            id: session.id,
            current: false,
            user_agent: session.user_agent,
            ip: seen.map(|seen| seen.ip.to_string()).or(session.ip),
            created_at: session.created_at,
            last_used_at: session.last_used_at,
            expires_at: session.expires_at,
        }
    });
    Ok((now, views.collect()))
}
