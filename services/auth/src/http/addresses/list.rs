use auth_token::User;
use axum::extract::State;
use http_kit::{Json, Page, Result};

use crate::app::AppState;
use crate::domain::address::Address;
use crate::http::problems::SignedIn;
use crate::store::addresses;

/// List my addresses
#[utoipa::path(get, path = "/api/users/me/addresses", tag = "users", security(("bearer" = [])),
    responses((status = 200, body = Page<Address>), SignedIn))]
pub(crate) async fn list_addresses(
    State(state): State<AppState>,
    user: User,
) -> Result<Json<Page<Address>>> {
    let data = addresses::list(&mut *state.pool.acquire().await?, user.user_id).await?;
    Ok(Json(Page {
        data,
        next_cursor: None,
    }))
}
