//! Customers: the list, one of them, and what is done with an account. Everything is done by auth, or by order, in the staff member's name.

mod account;
mod claim;
mod detail;
mod erase;
mod export;
mod filter;
mod list;

use axum::Router;
use axum::response::Redirect;
use axum::routing::{get, post};
use primitives::UserId;

use crate::app::AppState;
use crate::error::{PageError, Result};
use crate::read::customers::{self, Customer};
use crate::read::snapshot;

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/admin/customers", get(list::page))
        .route("/admin/customers/export.csv", post(export::file))
        .route("/admin/customers/{id}", get(detail::page))
        .route("/admin/customers/{id}/role", post(account::role))
        .route("/admin/customers/{id}/disable", post(account::disable))
        .route("/admin/customers/{id}/enable", post(account::enable))
        .route("/admin/customers/{id}/link", post(account::link))
        .route("/admin/customers/{id}/mfa", post(account::reset_mfa))
        .route(
            "/admin/customers/{id}/sessions",
            post(account::end_sessions),
        )
        .route(
            "/admin/customers/{id}/sessions/{session}",
            post(account::end_session),
        )
        .route(
            "/admin/customers/{id}/claim",
            get(claim::page).post(claim::submit),
        )
        .route("/admin/customers/{id}/export", post(erase::export))
        .route(
            "/admin/customers/{id}/erase",
            get(erase::page).post(erase::submit),
        )
        .route("/admin/customers/{id}/keep", post(erase::keep))
}

const SECTION: &str = "/admin/customers";

fn path(id: UserId) -> String {
    format!("{SECTION}/{id}")
}

fn back(id: UserId, done: &str) -> Redirect {
    Redirect::to(&format!("{}?done={done}", path(id)))
}

/// The account, which must still be there.
async fn find(app: &AppState, id: UserId) -> Result<Customer> {
    let mut db = snapshot(&app.auth_db).await?;
    customers::find(&mut db, id, app.clock.now())
        .await?
        .ok_or_else(|| PageError::not_found().back_to(SECTION))
}
