//! Dead letters of all queues, oldest first.

use askama::Template;
use auth_token::permissions::ManageEvents;
use axum::extract::State;
use axum::response::{Html, Redirect};
use serde::Deserialize;

use super::{DEAD_LETTERS, OVERVIEW, Tab, allowed, map, tabs};
use crate::app::AppState;
use crate::domain::dead_letters::Letter;
use crate::error::{PageError, Result};
use crate::format::filters;
use crate::input::{Nothing, Path, Query, StaffForm};
use crate::pages::shell::Shell;
use crate::session::May;
use crate::workflows::dead_letters::{self, REACH, WentBack};

/// Of each queue, when all are shown.
const FEW: u32 = 10;
/// Of the one that is looked at.
const MANY: u32 = 100;
/// On a page with all queues.
const MOST: usize = 60;

#[derive(Template)]
#[template(path = "events/dead_letters.html")]
struct Page {
    shell: Shell,
    tabs: Vec<Tab>,
    queue: String,
    queues: Vec<Dead>,
    total: u32,
}

impl Page {
    fn any(&self) -> bool {
        self.total > 0
    }
}

/// A queue with dead letters.
struct Dead {
    name: String,
    reader: &'static str,
    count: u32,
    letters: Vec<Letter>,
}

impl Dead {
    /// How many go back at once, if not all.
    fn some(&self) -> Option<u32> {
        (self.count > REACH).then_some(REACH)
    }

    /// How many are not shown.
    fn more(&self) -> u32 {
        let shown = u32::try_from(self.letters.len()).unwrap_or(u32::MAX);
        self.count.saturating_sub(shown)
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Params {
    queue: String,
    done: Option<String>,
}

pub(super) async fn page(
    State(app): State<AppState>,
    session: May<ManageEvents>,
    Query(params): Query<Params>,
) -> Result<Html<String>> {
    let mut known = map::known();
    known.retain(|queue| params.queue.is_empty() || queue.name == params.queue);
    if known.is_empty() {
        return Err(PageError::not_found().back_to(DEAD_LETTERS));
    }
    let back = |error: PageError| error.back_to(OVERVIEW);
    let letters = dead_letters::open(&app).await.map_err(back)?;
    let names: Vec<String> = known.iter().map(|queue| queue.name.clone()).collect();
    let counts = letters.counts(&names).await.map_err(|error| {
        tracing::warn!(%error, "dead letters cannot be counted");
        back(PageError::away(
            "The broker does not answer. Try again in a moment.",
        ))
    })?;
    let each = if params.queue.is_empty() { FEW } else { MANY };
    let (mut queues, mut shown, mut total) = (Vec::new(), 0, 0);
    for (queue, count) in std::iter::zip(known, counts) {
        let Some(count @ 1..) = count else { continue };
        total += count;
        // Those of which none is shown are named all the same.
        let oldest = if shown < MOST {
            dead_letters::oldest(&app, &letters, &queue.name, each).await?
        } else {
            Vec::new()
        };
        shown += oldest.len();
        queues.push(Dead {
            name: queue.name,
            reader: queue.reader,
            count,
            letters: oldest,
        });
    }
    letters.close().await;
    let page = Page {
        shell: Shell::new(&session, OVERVIEW, params.done.as_deref()),
        tabs: tabs(&session, DEAD_LETTERS),
        queue: params.queue,
        queues,
        total,
    };
    Ok(Html(page.render()?))
}

pub(super) async fn requeue_all(
    State(app): State<AppState>,
    Path(queue): Path<String>,
    StaffForm(session, Nothing {}): StaffForm<Nothing>,
) -> Result<Redirect> {
    allowed(&session)?;
    is_known(&queue)?;
    let went = dead_letters::requeue_all(&app, &session, &queue)
        .await
        .map_err(|error| error.back_to(DEAD_LETTERS))?;
    let done = match went {
        WentBack::All => "events_requeued",
        WentBack::Part => "events_requeued_some",
        WentBack::Nothing => "events_none",
    };
    Ok(Redirect::to(&format!("{DEAD_LETTERS}?done={done}")))
}

/// Only queues of ours: a path is anybody's text.
pub(super) fn is_known(queue: &str) -> Result<()> {
    if map::known().iter().any(|known| known.name == queue) {
        Ok(())
    } else {
        Err(PageError::not_found().back_to(DEAD_LETTERS))
    }
}
