use auth_token::Jwks;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::CACHE_CONTROL;
use axum::response::IntoResponse;
use http_kit::etag;

use crate::app::AppState;

/// The public keys of access tokens
///
/// A new key is shown here a minute and a half before it signs, and an old one until its last token has expired.
#[utoipa::path(get, path = "/api/auth/.well-known/jwks.json", tag = "auth",
    responses((status = 200, body = Jwks), (status = 304, description = "As `If-None-Match` has it")))]
pub(crate) async fn jwks(State(state): State<AppState>, headers: HeaderMap) -> impl IntoResponse {
    (
        [(CACHE_CONTROL, "public, max-age=60")],
        etag::respond_hashed(&headers, state.keys.jwks()),
    )
}
