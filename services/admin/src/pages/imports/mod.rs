//! Catalogues as CSV files: in, with progress and what was refused, and out.

mod detail;
mod download;
mod list;
mod send;

use axum::Router;
use axum::routing::{get, post};

use crate::app::AppState;

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/admin/imports", get(list::page).post(send::begin))
        .route("/admin/imports/export", get(download::export))
        .route("/admin/imports/{id}", get(detail::page))
        .route("/admin/imports/{id}/errors", get(download::errors))
        .route("/admin/imports/{id}/retry", post(send::retry))
        .route("/admin/imports/{id}/cancel", post(send::cancel))
}
