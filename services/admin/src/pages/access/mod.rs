//! Signing in and out, and the second factor.

mod login;
mod logout;
mod security;
pub(super) mod step_up;

use axum::Router;
use axum::routing::{get, post};

use crate::app::AppState;

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/admin/login", get(login::page).post(login::submit))
        .route("/admin/login/code", post(login::second_step))
        .route("/admin/logout", post(logout::submit))
        .route("/admin/security", get(security::page))
        .route("/admin/security/totp", post(security::start_totp))
        .route("/admin/security/totp/confirm", post(security::confirm_totp))
        .route("/admin/security/totp/remove", post(security::remove_totp))
        .route(
            "/admin/security/recovery-codes",
            post(security::recovery_codes),
        )
}
