//! `GET|POST|DELETE /api/wishlist/share`

use auth_token::User;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use http_kit::{Json, Problem, Result};
use primitives::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::AppState;
use crate::domain::link_token;
use crate::store::wishlist_people as store;

/// How a list is shared.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShareWishlist {
    /// Whether your name is shown with it; it is not unless you say so.
    show_name: Option<bool>,
}

/// A link to a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SharedLink {
    /// Shown this once: it is not kept.
    token: String,
    /// The page that shows the list.
    url: String,
    /// The name that is shown with it.
    #[schema(nullable)]
    name: Option<String>,
    created_at: Timestamp,
}

/// Whether a list is shared.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ShareState {
    shared: bool,
    /// The name that is shown with it.
    #[schema(nullable)]
    name: Option<String>,
    /// Since when the present link works.
    #[schema(nullable)]
    created_at: Option<Timestamp>,
}

/// Shows your list to whoever has the new link. The link before it works no more.
#[utoipa::path(
    post, path = "/api/wishlist/share", tag = "wishlist", security(("bearer" = [])),
    request_body = Option<ShareWishlist>,
    responses((status = 201, body = SharedLink), (status = 401, body = Problem), (status = 422, body = Problem))
)]
pub(crate) async fn share_wishlist(
    State(state): State<AppState>,
    User(user): User,
    body: Option<Json<ShareWishlist>>,
) -> Result<Response> {
    let Json(body) = body.unwrap_or_default();
    let cx = &state.context;
    let token = link_token::random(&cx.random);
    let name = body
        .show_name
        .unwrap_or(false)
        .then_some(user.name.as_str());
    let mut db = cx.pool.acquire().await?;
    let hash = link_token::hash(&token);
    let share = store::share(&mut db, user.user_id, &hash, name, &cx.clock).await?;
    let link = SharedLink {
        url: state.links.shared_wishlist(&token),
        token,
        name: share.name,
        created_at: share.created_at,
    };
    let no_store = HeaderValue::from_static("no-store");
    let headers = [(header::CACHE_CONTROL, no_store)];
    Ok((StatusCode::CREATED, headers, Json(link)).into_response())
}

/// Whether your list is shared. The link itself is not kept; for another one, share it again.
#[utoipa::path(
    get, path = "/api/wishlist/share", tag = "wishlist", security(("bearer" = [])),
    responses((status = 200, body = ShareState), (status = 401, body = Problem))
)]
pub(crate) async fn get_share(
    State(state): State<AppState>,
    User(user): User,
) -> Result<Json<ShareState>> {
    let mut db = state.context.pool.acquire().await?;
    let share = store::share_of(&mut db, user.user_id).await?;
    Ok(Json(ShareState {
        shared: share.is_some(),
        created_at: share.as_ref().map(|share| share.created_at),
        name: share.and_then(|share| share.name),
    }))
}

/// Shows your list to nobody any more.
#[utoipa::path(
    delete, path = "/api/wishlist/share", tag = "wishlist", security(("bearer" = [])),
    responses((status = 204), (status = 401, body = Problem))
)]
pub(crate) async fn unshare_wishlist(
    State(state): State<AppState>,
    User(user): User,
) -> Result<StatusCode> {
    let mut db = state.context.pool.acquire().await?;
    store::unshare(&mut db, user.user_id).await?;
    Ok(StatusCode::NO_CONTENT)
}
