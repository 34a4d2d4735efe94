//! `GET /api/wishlist`

use auth_token::User;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use http_kit::{Page, PageQuery, Problem, Query, Result, etag};
use primitives::{ProductId, Timestamp};

use super::view::{self, WishlistItem};
use crate::app::AppState;
use crate::store::wishlist;

/// What you wish for, the newest first, with what it cost and costs. Products that are not public at the moment are left out until they are.
#[utoipa::path(
    get, path = "/api/wishlist", tag = "wishlist", security(("bearer" = [])),
    params(PageQuery),
    responses((status = 200, body = Page<WishlistItem>), (status = 401, body = Problem), (status = 422, body = Problem))
)]
pub(crate) async fn list_wishlist(
    State(state): State<AppState>,
    User(user): User,
    Query(query): Query<PageQuery>,
    headers: HeaderMap,
) -> Result<Response> {
    let after = query.after::<(Timestamp, ProductId)>()?;
    let mut db = state.context.pool.acquire().await?;
    let wishes = wishlist::list(&mut db, user.user_id, after, query.limit().fetch()).await?;
    let page = Page::cut(wishes, query.limit(), |wish| {
        (wish.created_at, wish.product_id)
    })?;
    let page = Page {
        data: view::items(&mut db, &state, page.data).await?,
        next_cursor: page.next_cursor,
    };
    Ok(etag::respond_hashed(&headers, page))
}
