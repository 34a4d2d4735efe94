use auth_token::permissions::ReadUsers;
use auth_token::{Role, Staff};
use axum::extract::State;
use http_kit::{Cursor, Json, Limit, Page, Query, Result};
use primitives::UserId;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::app::AppState;
use crate::domain::user::StaffUserView;
use crate::http::problems::StaffOnly;
use crate::store::deletions;
use crate::store::users::{self, Filter};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListUsersQuery {
    /// A part of the address or the name.
    q: Option<String>,
    #[param(inline)]
    role: Option<Role>,
    /// How many to answer, 1–100 (20).
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<Limit>,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
}

/// List users, the newest first
#[utoipa::path(get, path = "/api/users", tag = "staff", security(("bearer" = [])), params(ListUsersQuery),
    responses((status = 200, body = Page<StaffUserView>), StaffOnly))]
pub(crate) async fn list_users(
    State(state): State<AppState>,
    _: Staff<ReadUsers>,
    Query(query): Query<ListUsersQuery>,
) -> Result<Json<Page<StaffUserView>>> {
    let before: Option<UserId> = query.cursor.as_ref().map(Cursor::decode).transpose()?;
    let limit = query.limit.unwrap_or_default();
    let filter = Filter {
        q: query.q.filter(|q| !q.trim().is_empty()),
        role: query.role,
        before,
    };
    let mut conn = state.pool.acquire().await?;
    let rows = users::list(&mut conn, &filter, limit.fetch()).await?;
    let ids: Vec<UserId> = rows.iter().map(|user| user.id).collect();
    let leaving = deletions::of_users(&mut conn, &ids).await?;
    Ok(Json(Page::cut(rows, limit, |user| user.id)?.map(|user| {
        let at = leaving.get(&user.id).copied();
        StaffUserView::new(user, at)
    })))
}
