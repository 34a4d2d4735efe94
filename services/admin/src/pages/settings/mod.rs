//! The settings of the whole shop.

mod form;
mod save;

use axum::Router;
use axum::routing::get;

use crate::app::AppState;
use crate::domain::diff::{Line, diff};
use crate::store::audit_rows::AuditRow;

pub(super) fn routes() -> Router<AppState> {
    Router::new().route("/admin/settings", get(form::page).post(save::submit))
}

/// What a change changed, for the template.
fn changes(row: &AuditRow) -> Vec<Line> {
    diff(row.before.as_ref(), row.after.as_ref())
}
