use auth_token::User;
use axum::extract::State;
use http_kit::{Cursor, Error, Json, Limit, Page, Problem, Query};
use primitives::UserId;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{ThreadView, shown};
use crate::app::AppState;
use crate::domain::threads::{Kind, Side, Status};
use crate::store::messages::lists::{self, Inbox, Place};
use crate::workflows::messages::{is_staff, side_of};

/// Which conversations.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Box {
    /// Those that you began.
    #[default]
    Own,
    /// Those about what you sell.
    Selling,
    /// Those with support; for staff.
    Support,
    /// Those between users and sellers; for staff.
    Sellers,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct List {
    /// `own` unless given.
    #[param(inline)]
    r#box: Option<Box>,
    #[param(inline)]
    status: Option<Status>,
    /// Of the staff: only those that they look after.
    assignee_id: Option<UserId>,
    /// How many to answer, 1–100 (20).
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<Limit>,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
}

/// List conversations, those first in which something was written last
#[utoipa::path(get, path = "/api/messages", operation_id = "listConversations", tag = "messages", params(List),
    responses((status = 200, body = Page<ThreadView>), (status = 403, body = Problem, description = "forbidden: a box of the staff"),
        (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    User(user): User,
    Query(query): Query<List>,
) -> http_kit::Result<Json<Page<ThreadView>>> {
    let limit = query.limit.unwrap_or_default();
    let after: Option<Place> = query.cursor.as_ref().map(Cursor::decode).transpose()?;
    let which = query.r#box.unwrap_or_default();
    let mut db = app.pool.acquire().await?;
    let threads = match which {
        Box::Own => {
            lists::of_user(&mut db, user.user_id, query.status, after, limit.fetch()).await?
        }
        Box::Selling => {
            lists::of_seller(&mut db, user.user_id, query.status, after, limit.fetch()).await?
        }
        Box::Support | Box::Sellers => {
            if !is_staff(&user) {
                return Err(Error::forbidden("forbidden", "This is for staff."));
            }
            let inbox = Inbox {
                kind: if which == Box::Support {
                    Kind::Support
                } else {
                    Kind::Seller
                },
                status: query.status,
                assignee: query.assignee_id,
                unassigned: false,
                of_user: None,
            };
            lists::inbox(&mut db, inbox, after, limit.fetch()).await?
        }
    };
    drop(db);
    let page = Page::cut(threads, limit, Place::of)?;
    let next_cursor = page.next_cursor;
    let sides = page
        .data
        .into_iter()
        .map(|thread| {
            let side = side_of(&thread, &user).unwrap_or(Side::Staff);
            (thread, side)
        })
        .collect();
    Ok(Json(Page {
        data: shown(&app, sides).await?,
        next_cursor,
    }))
}
