use auth_token::User;
use axum::extract::State;
use http_kit::{FieldErrors, Json, Problem};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::AppState;
use crate::domain::notifications::KINDS;
use crate::store::user_notifications as store;

/// What you do not want to be told.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Preferences {
    /// Types of notifications that are not made for you.
    muted: Vec<String>,
    /// All types there are.
    available: Vec<&'static str>,
}

impl Preferences {
    fn new(muted: Vec<String>) -> Self {
        Self {
            muted,
            available: KINDS.to_vec(),
        }
    }
}

/// Read what you do not want to be told
#[utoipa::path(get, path = "/api/notifications/preferences", operation_id = "getNotificationPreferences", tag = "notifications",
    responses((status = 200, body = Preferences), (status = "default", body = Problem)), security(("bearer" = [])))]
pub(crate) async fn get(
    State(app): State<AppState>,
    User(user): User,
) -> http_kit::Result<Json<Preferences>> {
    let muted = store::muted(&mut *app.pool.acquire().await?, user.user_id).await?;
    Ok(Json(Preferences::new(muted)))
}

/// What to mute.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetPreferences {
    muted: Vec<String>,
}

/// Say what you do not want to be told
#[utoipa::path(put, path = "/api/notifications/preferences", operation_id = "setNotificationPreferences", tag = "notifications",
    request_body = SetPreferences,
    responses((status = 200, body = Preferences), (status = 422, body = Problem), (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn put(
    State(app): State<AppState>,
    User(user): User,
    Json(body): Json<SetPreferences>,
) -> http_kit::Result<Json<Preferences>> {
    let mut errors = FieldErrors::new();
    for (index, kind) in body.muted.iter().enumerate() {
        if !KINDS.contains(&kind.as_str()) {
            errors.push(format!("muted[{index}]"), "unknown", "is no such type");
        }
    }
    errors.into_result()?;
    let mut muted = body.muted;
    muted.sort_unstable();
    muted.dedup();
    let mut db = app.pool.acquire().await?;
    store::mute(&mut db, user.user_id, &muted, app.clock.now()).await?;
    Ok(Json(Preferences::new(muted)))
}
