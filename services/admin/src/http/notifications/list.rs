use auth_token::User;
use axum::extract::State;
use http_kit::{Cursor, Json, Limit, Page, Problem, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Notification;
use crate::app::AppState;
use crate::store::user_notifications as store;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct List {
    /// Only those that are not read yet.
    unread: Option<bool>,
    /// How many to answer, 1–100 (20).
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<Limit>,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
}

/// One page of what somebody was told.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Notifications {
    data: Vec<Notification>,
    /// Where the next page begins; null on the last one.
    #[schema(value_type = Option<String>)]
    next_cursor: Option<Cursor>,
    /// How many are not read, counted to 100.
    unread: i64,
}

/// List what you were told, newest first
#[utoipa::path(get, path = "/api/notifications", operation_id = "listNotifications", tag = "notifications", params(List),
    responses((status = 200, body = Notifications), (status = "default", body = Problem)), security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    User(user): User,
    Query(query): Query<List>,
) -> http_kit::Result<Json<Notifications>> {
    let limit = query.limit.unwrap_or_default();
    let before = query.cursor.as_ref().map(Cursor::decode).transpose()?;
    let only_unread = query.unread.unwrap_or(false);
    let mut db = app.pool.acquire().await?;
    let told = store::list(&mut db, user.user_id, only_unread, before, limit.fetch()).await?;
    let unread = store::unread(&mut db, user.user_id).await?;
    let page = Page::cut(told, limit, |told| told.seq)?.map(Notification::from);
    Ok(Json(Notifications {
        data: page.data,
        next_cursor: page.next_cursor,
        unread,
    }))
}
