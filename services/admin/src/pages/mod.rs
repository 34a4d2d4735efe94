//! The route table: every page and every form.

mod act;
mod assets;
mod customers;
mod home;
mod login;
mod logout;
mod order;
mod order_actions;
mod orders;
mod product_actions;
mod products;
mod security;
mod shell;
mod step_up;

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
        .route("/admin/login", get(login::page).post(login::submit))
        .route("/admin/login/code", post(login::second_step))
        .route("/admin/security", get(security::page))
        .route("/admin/security/totp", post(security::start_totp))
        .route("/admin/security/totp/confirm", post(security::confirm_totp))
        .route("/admin/security/totp/remove", post(security::remove_totp))
        .route(
            "/admin/security/recovery-codes",
            post(security::recovery_codes),
        )
        .route("/admin/", get(async || Redirect::permanent("/admin")))
        .route("/admin/logout", post(logout::submit))
        .route("/admin/orders", get(orders::page))
        .route("/admin/orders/{id}", get(order::page))
        .route("/admin/orders/{id}/ship", post(order_actions::ship))
        .route("/admin/orders/{id}/deliver", post(order_actions::deliver))
        .route("/admin/orders/{id}/cancel", post(order_actions::cancel))
        .route("/admin/orders/{id}/refund", post(order_actions::refund))
        .route("/admin/products", get(products::page))
        .route(
            "/admin/products/{id}/approve",
            post(product_actions::approve),
        )
        .route("/admin/products/{id}/reject", post(product_actions::reject))
        .route("/admin/customers", get(customers::page))
        .route("/admin/{*unknown}", any(async || PageError::not_found()))
        .method_not_allowed_fallback(async || PageError::wrong_method())
        .layer(from_fn_with_state(app.clone(), step_up::layer))
        .layer(map_response(policy))
        .route("/admin/assets/{name}", get(assets::asset))
        .with_state(app)
}

/// Pages load nothing but our own style, run no script, and are kept by no cache.
async fn policy(mut response: Response) -> Response {
    let policy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
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
