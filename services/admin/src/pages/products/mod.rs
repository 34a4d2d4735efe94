//! Products: the list, the queue for approval, and one product with its variants, pictures and stock.

mod approvals;
mod diff;
mod draft;
mod list;
mod quick;
mod undo;

use axum::Router;
use axum::routing::{get, post};

use crate::app::AppState;

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/admin/products", get(list::page))
        .route("/admin/products/approvals", get(approvals::page))
        .route("/admin/products/undo", post(quick::undo))
        .route("/admin/products/{id}/approve", post(approvals::approve))
        .route("/admin/products/{id}/reject", post(approvals::reject))
        .route(
            "/admin/products/{id}/price",
            get(quick::price).post(quick::set_price),
        )
        .route(
            "/admin/products/{id}/stock/edit",
            get(quick::stock).post(quick::set_stock),
        )
}
