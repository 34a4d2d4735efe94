//! The audit log: the list, one row, and the file.

mod act;
mod detail;
mod export;
mod filter;
mod list;

pub(super) use self::act::{Act, acts};

use axum::Router;
use axum::routing::get;

use crate::app::AppState;

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/admin/audit", get(list::page))
        .route("/admin/audit/export.csv", get(export::file))
        .route("/admin/audit/{seq}", get(detail::page))
}
