use auth_token::Person;
use axum::extract::State;
use http_kit::{Json, Page, Result};

use super::PasskeyView;
use crate::app::AppState;
use crate::http::problems::SignedIn;
use crate::store::passkeys;

/// List my passkeys
#[utoipa::path(get, path = "/api/auth/passkeys", tag = "auth", security(("bearer" = [])),
    responses((status = 200, body = Page<PasskeyView>), SignedIn))]
pub(crate) async fn list_passkeys(
    State(state): State<AppState>,
    user: Person,
) -> Result<Json<Page<PasskeyView>>> {
    let passkeys = passkeys::list(&mut *state.pool.acquire().await?, user.user_id).await?;
    Ok(Json(Page {
        data: passkeys.into_iter().map(PasskeyView::from).collect(),
        next_cursor: None,
    }))
}
