use auth_token::Person;
use axum::extract::State;
use http_kit::{Json, Page, Result};

use super::ApiKeyView;
use crate::app::AppState;
use crate::http::problems::SignedIn;
use crate::store::api_keys;

/// List my API keys
///
/// The newest first, those that were revoked or have expired for a while, too.
#[utoipa::path(get, path = "/api/users/me/api-keys", tag = "users", security(("bearer" = [])),
    responses((status = 200, body = Page<ApiKeyView>), SignedIn))]
pub(crate) async fn list_api_keys(
    State(state): State<AppState>,
    user: Person,
) -> Result<Json<Page<ApiKeyView>>> {
    let keys = api_keys::list(&mut *state.pool.acquire().await?, user.user_id).await?;
    Ok(Json(Page {
        data: keys.into_iter().map(ApiKeyView::from).collect(),
        next_cursor: None,
    }))
}
