//! Products: the list, the queue for approval, and one product with its variants, pictures and stock.

mod approvals;
mod diff;
mod doctor;
mod draft;
mod edit;
mod fields;
mod images;
mod list;
mod quick;
mod stock;
mod undo;

use axum::Router;
use axum::routing::{get, post};

pub(super) use self::draft::call;
pub(super) use self::fields::Fields;
use crate::app::AppState;

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/admin/products", get(list::page))
        .route("/admin/products/approvals", get(approvals::page))
        .route("/admin/products/undo", post(quick::undo))
        .route("/admin/products/new", get(edit::new).post(edit::create))
        .route("/admin/products/{id}", get(edit::page).post(edit::save))
        .route("/admin/products/{id}/approve", post(approvals::approve))
        .route("/admin/products/{id}/reject", post(approvals::reject))
        .route("/admin/products/{id}/archive", post(edit::archive))
        .route("/admin/products/{id}/doctor", get(doctor::page))
        .route(
            "/admin/products/{id}/price",
            get(quick::price).post(quick::set_price),
        )
        .route(
            "/admin/products/{id}/stock",
            get(stock::page).post(stock::correct),
        )
        .route(
            "/admin/products/{id}/stock/edit",
            get(quick::stock).post(quick::set_stock),
        )
        .merge(pictures())
}

fn pictures() -> Router<AppState> {
    Router::new()
        .route("/admin/products/{id}/images", post(images::add))
        .route(
            "/admin/products/{id}/images/{image}/describe",
            post(images::describe),
        )
        .route(
            "/admin/products/{id}/images/{image}/move",
            post(images::arrange),
        )
        .route(
            "/admin/products/{id}/images/{image}/remove",
            post(images::remove),
        )
}
