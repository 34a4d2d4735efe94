//! What moves between the services, and what does not: queues, dead letters, sagas, work items, comparisons with the payment provider.

mod dead_letters;
mod letter;
mod map;
mod overview;
mod reconciliation;
mod reconciliations;
mod sagas;
mod work_item;
mod work_items;

use auth_token::permissions::ManageEvents;
use axum::Router;
use axum::routing::{get, post};
use primitives::Timestamp;

use crate::app::AppState;
use crate::error::{PageError, Result};
use crate::session::Session;

const OVERVIEW: &str = "/admin/events";
const DEAD_LETTERS: &str = "/admin/events/dead-letters";
const SAGAS: &str = "/admin/events/sagas";
const WORK_ITEMS: &str = "/admin/events/work-items";
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

/// How long ago something was: `12 s`, `3 min`, `5 h`, `2 days`.
fn ago(then: Timestamp, now: Timestamp) -> String {
    let seconds = now.since(then).as_secs();
    match seconds {
        0..90 => format!("{seconds} s"),
        90..5400 => format!("{} min", seconds / 60),
        5400..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use primitives::Clock;

    use super::ago;

    #[test]
    fn ages_are_told_in_one_unit() {
        let then = Clock::system().now();
        let after = |seconds| ago(then, then + Duration::from_secs(seconds));
        assert_eq!(
            [after(0), after(89), after(90), after(7200), after(200_000)],
            ["0 s", "89 s", "1 min", "2 h", "2 days"]
        );
        assert_eq!(ago(then + Duration::from_secs(5), then), "0 s");
    }
}
