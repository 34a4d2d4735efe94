//! What moves between the services, and what does not: queues, dead letters, sagas, work items, and what the payment provider says.

mod dead_letters;
mod letter;
mod map;
mod overview;
mod payment_event;
mod payment_events;
mod reconciliation;
mod reconciliations;
mod sagas;
mod work_item;
mod work_items;

use auth_token::permissions::ManageEvents;
use axum::Router;
use axum::routing::{get, post};

use crate::app::AppState;
use crate::error::{PageError, Result};
use crate::session::Session;

const OVERVIEW: &str = "/admin/events";
const DEAD_LETTERS: &str = "/admin/events/dead-letters";
const SAGAS: &str = "/admin/events/sagas";
const WORK_ITEMS: &str = "/admin/events/work-items";
const PAYMENT_EVENTS: &str = "/admin/events/payments";
const RECONCILIATIONS: &str = "/admin/events/reconciliations";

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route(OVERVIEW, get(overview::page))
        .route(DEAD_LETTERS, get(dead_letters::page))
        .route(
            "/admin/events/dead-letters/{queue}",
            post(dead_letters::requeue_all),
        )
        .route(
            "/admin/events/dead-letters/{queue}/{mark}",
            get(letter::page),
        )
        .route(
            "/admin/events/dead-letters/{queue}/{mark}/requeue",
            post(letter::requeue),
        )
        .route(
            "/admin/events/dead-letters/{queue}/{mark}/drop",
            post(letter::drop),
        )
        .route(SAGAS, get(sagas::page))
        .route("/admin/events/sagas/{order}/resume", post(sagas::resume))
        .route(WORK_ITEMS, get(work_items::page))
        .route("/admin/events/work-items/{id}", get(work_item::page))
        .route(
            "/admin/events/work-items/{id}/resolve",
            post(work_item::resolve),
        )
        .route(PAYMENT_EVENTS, get(payment_events::page))
        .route("/admin/events/payments/{id}", get(payment_event::page))
        .route(
            "/admin/events/payments/{id}/replay",
            post(payment_event::replay),
        )
        .route(
            RECONCILIATIONS,
            get(reconciliations::page).post(reconciliations::start),
        )
        .route(
            "/admin/events/reconciliations/{id}",
            get(reconciliation::page),
        )
}

/// A page of this area, for `events/tabs.html`.
struct Tab {
    href: &'static str,
    label: &'static str,
    current: bool,
}

/// Those that somebody may see.
fn tabs(session: &Session, current: &str) -> Vec<Tab> {
    let tab = |(href, label, shown): (&'static str, &'static str, bool)| {
        shown.then(|| Tab {
            href,
            label,
            current: href == current,
        })
    };
    let events = session.may::<ManageEvents>();
    [
        (OVERVIEW, "Queues", events),
        (DEAD_LETTERS, "Dead letters", events),
        (SAGAS, "Open steps", true),
        (WORK_ITEMS, "Work items", true),
        (PAYMENT_EVENTS, "Payment events", true),
        (RECONCILIATIONS, "Comparisons", true),
    ]
    .into_iter()
    .filter_map(tab)
    .collect()
}

/// Under which link of the navigation the pages stand that support may see, too.
fn section(session: &Session) -> &'static str {
    if session.may::<ManageEvents>() {
        OVERVIEW
    } else {
        WORK_ITEMS
    }
}

/// Forms are for those who may see the pages.
fn allowed(session: &Session) -> Result<()> {
    if session.may::<ManageEvents>() {
        Ok(())
    } else {
        Err(PageError::forbidden())
    }
}
