use auth_token::Service;
use axum::extract::State;
use contracts::events::SettingsChanged;
use http_kit::Json;

use crate::app::AppState;
use crate::store;

/// What staff set for the shop, for services that start or missed something.
#[utoipa::path(get, path = "/internal/settings", responses((status = 200, description = "All of it, with its version")))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    _service: Service,
) -> http_kit::Result<Json<SettingsChanged>> {
    let mut db = app.pool.acquire().await?;
    Ok(Json(store::settings::read(&mut db).await?))
}
