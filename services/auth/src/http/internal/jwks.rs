use auth_token::Jwks;
use axum::extract::State;
use http_kit::Json;

use crate::app::AppState;

/// The public keys of access tokens, for services
#[utoipa::path(get, path = "/internal/jwks.json", responses((status = 200, body = Jwks)))]
pub(crate) async fn internal_jwks(State(state): State<AppState>) -> Json<Jwks> {
    Json(state.keys.jwks())
}
