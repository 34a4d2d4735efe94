//! `GET|PUT /api/wishlist/settings`

use auth_token::User;
use axum::extract::State;
use http_kit::{Json, Problem, Result};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::AppState;
use crate::domain::wish::Wanted;
use crate::store::wishlist_people as store;

/// Which mails you get about what you wish for.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WishlistSettings {
    /// When the price falls.
    price_drop: bool,
    /// When it can be had again.
    back_in_stock: bool,
}

impl From<Wanted> for WishlistSettings {
    fn from(wanted: Wanted) -> Self {
        Self {
            price_drop: wanted.price_drop,
            back_in_stock: wanted.back_in_stock,
        }
    }
}

/// Which mails you get about what you wish for: both, unless you said otherwise.
#[utoipa::path(
    get, path = "/api/wishlist/settings", tag = "wishlist", security(("bearer" = [])),
    responses((status = 200, body = WishlistSettings), (status = 401, body = Problem))
)]
pub(crate) async fn get_settings(
    State(state): State<AppState>,
    User(user): User,
) -> Result<Json<WishlistSettings>> {
    let mut db = state.context.pool.acquire().await?;
    let wanted = store::wanted(&mut db, user.user_id).await?;
    Ok(Json(wanted.into()))
}

/// Says which mails you want.
#[utoipa::path(
    put, path = "/api/wishlist/settings", tag = "wishlist", security(("bearer" = [])),
    request_body = WishlistSettings,
    responses((status = 200, body = WishlistSettings), (status = 401, body = Problem), (status = 422, body = Problem))
)]
pub(crate) async fn put_settings(
    State(state): State<AppState>,
    User(user): User,
    Json(body): Json<WishlistSettings>,
) -> Result<Json<WishlistSettings>> {
    let cx = &state.context;
    let wanted = Wanted {
        price_drop: body.price_drop,
        back_in_stock: body.back_in_stock,
    };
    let mut db = cx.pool.acquire().await?;
    store::want(&mut db, user.user_id, wanted, &cx.clock).await?;
    Ok(Json(body))
}
