//! Endpoints of third parties: where they are, what they hear, and what came of it.

mod create;
mod delivery;
mod detail;
mod edit;
mod form;
mod list;
mod secret;
mod switches;

use axum::Router;
use axum::routing::{get, post};

use crate::app::AppState;
use crate::error::PageError;
use crate::session::Session;
use auth_token::permissions::ManageSettings;

const SECTION: &str = "/admin/webhooks";

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/admin/webhooks", get(list::page).post(create::submit))
        .route("/admin/webhooks/new", get(create::page))
        .route("/admin/webhooks/{id}", get(detail::page))
        .route(
            "/admin/webhooks/{id}/edit",
            get(edit::page).post(edit::submit),
        )
        .route("/admin/webhooks/{id}/rotate", post(secret::rotate))
        .route("/admin/webhooks/{id}/ping", post(switches::ping))
        .route("/admin/webhooks/{id}/switch", post(switches::switch))
        .route("/admin/webhooks/{id}/delete", post(switches::delete))
        .route("/admin/webhooks/{id}/replay", post(switches::replay_failed))
        .route(
            "/admin/webhooks/{id}/deliveries/{delivery}",
            get(delivery::page),
        )
        .route(
            "/admin/webhooks/{id}/deliveries/{delivery}/replay",
            post(delivery::replay),
        )
}

/// Forms are for those who may see the pages.
fn allowed(session: &Session) -> Result<(), PageError> {
    if session.may::<ManageSettings>() {
        Ok(())
    } else {
        Err(PageError::forbidden())
    }
}

fn page_of(id: primitives::WebhookId) -> String {
    format!("{SECTION}/{id}")
}
