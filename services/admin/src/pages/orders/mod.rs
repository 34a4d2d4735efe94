//! Orders: the list, one order, and what is done with it.

mod actions;
mod detail;
mod list;

use axum::Router;
use axum::routing::{get, post};

use crate::app::AppState;

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/admin/orders", get(list::page))
        .route("/admin/orders/{id}", get(detail::page))
        .route("/admin/orders/{id}/ship", post(actions::ship))
        .route("/admin/orders/{id}/deliver", post(actions::deliver))
        .route("/admin/orders/{id}/cancel", post(actions::cancel))
        .route("/admin/orders/{id}/refund", post(actions::refund))
}
