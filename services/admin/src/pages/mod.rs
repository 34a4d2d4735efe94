//! The route table: every page and every form, area by area.

mod access;
mod act;
mod analytics;
mod assets;
mod chart;
mod customers;
mod home;
mod keys;
mod messages;
mod notifications;
mod orders;
mod products;
mod shell;
mod theme;
mod views;
mod webhooks;

use axum::Router;
use axum::http::{HeaderValue, header};
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::{Redirect, Response};
use axum::routing::{any, get, post};

use crate::app::AppState;
use crate::error::PageError;

pub(crate) fn routes(app: AppState) -> Router {
    Router::new()
        .route("/admin", get(home::page))
        .route("/admin/", get(async || Redirect::permanent("/admin")))
        .route("/admin/keys", get(keys::page))
        .route("/admin/theme", post(theme::submit))
        .merge(access::routes())
        .merge(analytics::routes())
        .merge(customers::routes())
        .merge(messages::routes())
        .merge(notifications::routes())
        .merge(orders::routes())
        .merge(products::routes())
        .merge(views::routes())
        .merge(webhooks::routes())
        .route("/admin/{*unknown}", any(async || PageError::not_found()))
        .method_not_allowed_fallback(async || PageError::wrong_method())
        .layer(from_fn_with_state(app.clone(), access::step_up::layer))
        .layer(map_response(policy))
        .route("/admin/assets/{name}", get(assets::asset))
        .with_state(app)
}

/// Pages load nothing but our own files, run no script that stands in them, and are kept by no cache.
async fn policy(mut response: Response) -> Response {
    let policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(policy),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("same-origin"),
    );
    response
}
