//! Reviews: what waits for staff, and all others.

mod list;
mod moderate;

use axum::Router;
use axum::routing::{get, post};

use crate::app::AppState;

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/admin/reviews", get(list::page))
        .route("/admin/reviews/{id}/publish", post(moderate::publish))
        .route("/admin/reviews/{id}/hide", post(moderate::hide))
        .route("/admin/reviews/{id}/reply", post(moderate::reply))
}
