//! Customers.

mod list;

use axum::Router;
use axum::routing::get;

use crate::app::AppState;

pub(super) fn routes() -> Router<AppState> {
    Router::new().route("/admin/customers", get(list::page))
}
