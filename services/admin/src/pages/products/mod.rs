//! Products: the list, and the decisions about them.

mod actions;
mod list;

use axum::Router;
use axum::routing::{get, post};

use crate::app::AppState;

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/admin/products", get(list::page))
        .route("/admin/products/{id}/approve", post(actions::approve))
        .route("/admin/products/{id}/reject", post(actions::reject))
}
