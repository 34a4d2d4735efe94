use auth_token::User;
use axum::extract::State;
use http_kit::{Error, Json, Path, Problem};
use primitives::NotificationId;
use serde::Deserialize;
use utoipa::ToSchema;

use super::Notification;
use crate::app::AppState;
use crate::store::user_notifications as store;

/// Whether it is read.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MarkNotification {
    read: bool,
}

/// Mark a notification as read, or as unread again
#[utoipa::path(patch, path = "/api/notifications/{id}", operation_id = "markNotification", tag = "notifications",
    params(("id" = NotificationId, Path)), request_body = MarkNotification,
    responses((status = 200, body = Notification), (status = 404, body = Problem), (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    User(user): User,
    Path(id): Path<NotificationId>,
    Json(body): Json<MarkNotification>,
) -> http_kit::Result<Json<Notification>> {
    let now = app.clock.now();
    let mut db = app.pool.acquire().await?;
    let told = store::mark(&mut db, user.user_id, id, body.read, now).await?;
    let told = told.ok_or_else(|| Error::not_found("notification"))?;
    Ok(Json(told.into()))
}
