//! `GET /api/wishlist/shared/{token}`

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use http_kit::{Cursor, Error, Json, Page, PageQuery, Path, Problem, Query, Result};
use primitives::ProductId;
use serde::Serialize;
use utoipa::ToSchema;

use super::view::{self, SharedItem};
use crate::app::AppState;
use crate::domain::link_token;
use crate::store::{wishlist, wishlist_people};

/// One page of somebody's list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SharedWishlist {
    /// Whose it is, if they show their name.
    #[schema(nullable)]
    name: Option<String>,
    data: Vec<SharedItem>,
    /// Where the next page begins; null on the last one.
    #[schema(value_type = Option<String>)]
    next_cursor: Option<Cursor>,
}

/// Opens a list by its link: what is wished for, and of its owner no more than the name they allow.
#[utoipa::path(
    get, path = "/api/wishlist/shared/{token}", tag = "wishlist", security(()),
    params(("token" = String, Path, description = "Of the link"), PageQuery),
    responses((status = 200, body = SharedWishlist), (status = 404, body = Problem), (status = 422, body = Problem))
)]
pub(crate) async fn get_shared_wishlist(
    State(state): State<AppState>,
    Path(token): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Response> {
    let before = query.after::<ProductId>()?;
    let mut db = state.context.pool.acquire().await?;
    let (owner, name) = wishlist_people::shared_by(&mut db, &link_token::hash(&token))
        .await?
        .ok_or_else(|| Error::not_found("wish list"))?;
    let wishes = wishlist::list_by_product(&mut db, owner, before, query.limit().fetch()).await?;
    let page = Page::cut(wishes, query.limit(), |wish| wish.product_id)?;
    let list = SharedWishlist {
        name,
        data: view::shared_items(&mut db, &state, page.data).await?,
        next_cursor: page.next_cursor,
    };
    // A link that is taken back must work nowhere.
    let headers = [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (
            header::HeaderName::from_static("x-robots-tag"),
            HeaderValue::from_static("noindex"),
        ),
    ];
    Ok((headers, Json(list)).into_response())
}
