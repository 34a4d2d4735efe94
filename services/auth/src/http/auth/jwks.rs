use auth_token::Jwks;
use axum::extract::State;
use axum::http::header::CACHE_CONTROL;
use axum::response::IntoResponse;
use http_kit::Json;

use crate::app::AppState;

/// The public keys of access tokens
#[utoipa::path(get, path = "/api/auth/.well-known/jwks.json", tag = "auth", responses((status = 200, body = Jwks)))]
pub(crate) async fn jwks(State(state): State<AppState>) -> impl IntoResponse {
    (
        [(CACHE_CONTROL, "public, max-age=60")],
        Json(state.keys.jwks()),
    )
}
