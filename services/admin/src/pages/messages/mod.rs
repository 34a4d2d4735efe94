//! The inbox: what customers write to support, and what they write with sellers.

mod list;
mod thread;

use axum::Router;
use axum::routing::{get, post};

use crate::app::AppState;

const SECTION: &str = "/admin/messages";

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/admin/messages", get(list::page))
        .route("/admin/messages/{id}", get(thread::page))
        .route("/admin/messages/{id}/write", post(thread::write))
        .route("/admin/messages/{id}/assign", post(thread::assign))
        .route("/admin/messages/{id}/status", post(thread::turn))
}
