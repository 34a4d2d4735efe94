use auth_token::User;
use axum::extract::State;
use http_kit::{Json, Page, Result};
use primitives::{SessionId, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::AppState;
use crate::http::problems::SignedIn;
use crate::store::sessions;

/// A sign-in that has not ended.
#[derive(Serialize, ToSchema)]
pub(crate) struct SessionView {
    id: SessionId,
    /// Whether it is the one that asks.
    current: bool,
    user_agent: Option<String>,
    ip: Option<String>,
    created_at: Timestamp,
    last_used_at: Timestamp,
    expires_at: Timestamp,
}

/// List my sessions
#[utoipa::path(get, path = "/api/auth/sessions", tag = "auth", security(("bearer" = [])),
    responses((status = 200, body = Page<SessionView>), SignedIn))]
pub(crate) async fn list_sessions(
    State(state): State<AppState>,
    user: User,
) -> Result<Json<Page<SessionView>>> {
    let sessions = sessions::list(
        &mut *state.pool.acquire().await?,
        user.user_id,
        state.clock.now(),
    )
    .await?;
    let data = sessions.into_iter().map(|session| SessionView {
        id: session.id,
        current: session.id == user.session_id,
        user_agent: session.user_agent,
        ip: session.ip,
        created_at: session.created_at,
        last_used_at: session.last_used_at,
        expires_at: session.expires_at,
    });
    Ok(Json(Page {
        data: data.collect(),
        next_cursor: None,
    }))
}
