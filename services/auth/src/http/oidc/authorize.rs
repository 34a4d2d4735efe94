use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, LOCATION};
use axum::response::IntoResponse;
use axum_extra::extract::CookieJar;
use http_kit::{Path, Problem, Query, Result};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{cookie, cookie_name};
use crate::app::AppState;
use crate::domain::federation::return_to::ReturnTo;
use crate::http::problems::Missing;
use crate::workflows::federation;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuthorizeQuery {
    /// The page of the shop to return to. It gets `sign_in_code`, or `error` and perhaps `link_token`, in its query. Without it
    /// the callback answers as `POST /api/auth/login` does.
    #[param(value_type = Option<String>, example = "https://shop.example/account")]
    return_to: Option<ReturnTo>,
    /// Whether to prove who one is anew there, as what is guarded by RFC 9470 needs it.
    fresh: Option<bool>,
}

/// Sign in by an identity provider
///
/// Sends a browser there. A cookie binds the sign-in to that browser for ten minutes.
#[utoipa::path(get, path = "/api/auth/oidc/{provider}/authorize", tag = "auth", params(("provider" = String, Path), AuthorizeQuery),
    responses(
        (status = 302, description = "To the provider"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "`validation_failed`: `return_to` is no page of the shop"),
        (status = 503, body = Problem, content_type = "application/problem+json", description = "`provider_unavailable`"),
        Missing,
    ))]
pub(crate) async fn authorize(
    State(state): State<AppState>,
    Path(provider): Path<String>,
    Query(query): Query<AuthorizeQuery>,
    jar: CookieJar,
) -> Result<impl IntoResponse> {
    let begun = federation::begin(
        &state,
        &provider,
        query.return_to.as_ref(),
        query.fresh.unwrap_or(false),
    )
    .await?;
    let name = cookie_name(&state, begun.state.text());
    let cookie = cookie(&state, name, begun.browser.text().to_owned());
    let headers = [
        (LOCATION, begun.location.to_string()),
        (CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((StatusCode::FOUND, jar.add(cookie), headers))
}
