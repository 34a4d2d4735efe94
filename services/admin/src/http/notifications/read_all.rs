use auth_token::User;
use axum::extract::State;
use http_kit::{Error, Json, Problem};
use primitives::NotificationId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::AppState;
use crate::store::user_notifications as store;

/// How far you have read.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReadNotifications {
    /// The newest that you have seen; all unless given.
    up_to: Option<NotificationId>,
}

/// What became of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Marked {
    /// How many were unread.
    marked: u64,
}

/// Mark all notifications as read
#[utoipa::path(post, path = "/api/notifications/read", operation_id = "readNotifications", tag = "notifications", request_body = ReadNotifications,
    responses((status = 200, body = Marked), (status = 404, body = Problem), (status = "default", body = Problem)), security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    User(user): User,
    Json(body): Json<ReadNotifications>,
) -> http_kit::Result<Json<Marked>> {
    let mut db = app.pool.acquire().await?;
    let up_to = match body.up_to {
        Some(id) => {
            let place = store::place(&mut db, user.user_id, id).await?;
            Some(place.ok_or_else(|| Error::not_found("notification"))?)
        }
        None => None,
    };
    let marked = store::mark_all(&mut db, user.user_id, up_to, app.clock.now()).await?;
    Ok(Json(Marked { marked }))
}
