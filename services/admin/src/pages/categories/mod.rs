//! Categories: the tree, and what the products in each have in common.

mod attributes;
mod edit;
mod list;
mod picture;

use axum::Router;
use axum::routing::{get, post};

use crate::app::AppState;

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/admin/categories", get(list::page).post(edit::create))
        .route("/admin/categories/{id}", get(edit::page).post(edit::save))
        .route("/admin/categories/move", post(edit::arrange))
        .route("/admin/categories/{id}/delete", post(edit::delete))
        .route("/admin/categories/{id}/attributes", post(attributes::save))
        .route("/admin/categories/{id}/picture", post(picture::set))
        .route(
            "/admin/categories/{id}/picture/remove",
            post(picture::remove),
        )
}
