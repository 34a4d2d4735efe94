//! Places where stock lies, moving it between them, and counting it.

mod count;
mod cover;
mod page;
mod places;
mod transfer;

use axum::Router;
use axum::routing::{get, post};

use crate::app::AppState;

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/admin/inventory", get(page::page))
        .route("/admin/inventory/cover", get(cover::page))
        .route("/admin/inventory/places", post(places::create))
        .route("/admin/inventory/places/{id}", post(places::save))
        .route("/admin/inventory/transfers", post(transfer::send))
        .route("/admin/inventory/stock-takes", post(count::send))
}
