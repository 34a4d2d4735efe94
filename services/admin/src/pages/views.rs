//! Saved views: the state of a list is its address, and a view is a name for it.

use axum::Router;
use axum::extract::State;
use axum::response::Redirect;
use axum::routing::post;
use serde::Deserialize;

use crate::app::AppState;
use crate::error::{PageError, Result};
use crate::input::{Path, StaffForm};
use crate::session::Session;
use crate::store;
use crate::store::views::{NewView, SavedView};

/// The lists that have views.
const PAGES: [&str; 5] = [
    "/admin/orders",
    "/admin/products",
    "/admin/customers",
    "/admin/reviews",
    "/admin/audit",
];

/// What of a query is not the state of a list.
const PASSING: [&str; 4] = ["cursor", "after", "done", "undo"];

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/admin/views", post(save))
        .route("/admin/views/{id}/remove", post(remove))
}

/// The views of a list, for `views.html`.
pub(super) struct Views {
    pub(super) page: &'static str,
    /// The state that the list is in now.
    pub(super) query: String,
    pub(super) saved: Vec<SavedView>,
}

impl Views {
    /// `query` is that of the page's address.
    pub(super) async fn of(
        app: &AppState,
        session: &Session,
        page: &'static str,
        query: Option<&str>,
    ) -> Result<Self> {
        let mut db = app.pool.acquire().await?;
        Ok(Self {
            page,
            query: state(query.unwrap_or_default()),
            saved: store::views::list(&mut db, session.user_id, page).await?,
        })
    }

    pub(super) fn is_current(&self, view: &SavedView) -> bool {
        view.query == self.query
    }

    /// The view that the list is in now, if it is one.
    pub(super) fn current(&self) -> Option<&SavedView> {
        self.saved.iter().find(|view| self.is_current(view))
    }
}

/// The part of a query that a view keeps, in an order that makes equal states equal texts.
fn state(query: &str) -> String {
    let pairs: Vec<(String, String)> = serde_html_form::from_str(query).unwrap_or_default();
    let mut pairs: Vec<_> = pairs
        .into_iter()
        .filter(|(name, value)| !value.is_empty() && !PASSING.contains(&name.as_str()))
        .collect();
    pairs.sort();
    serde_html_form::to_string(pairs).unwrap_or_default()
}

#[derive(Deserialize)]
struct Save {
    page: String,
    name: String,
    #[serde(default)]
    query: String,
    #[serde(default)]
    shared: bool,
}

async fn save(
    State(app): State<AppState>,
    StaffForm(session, form): StaffForm<Save>,
) -> Result<Redirect> {
    let page = PAGES.into_iter().find(|page| *page == form.page);
    let page = page.ok_or_else(|| PageError::invalid("This list has no views."))?;
    let (name, query) = (form.name.trim(), state(&form.query));
    if name.is_empty() || name.chars().count() > 60 || query.len() > 2000 {
        return Err(PageError::invalid("A view needs a name of 1 to 60 letters.").back_to(page));
    }
    let view = NewView {
        page,
        name,
        query: &query,
        shared: form.shared,
    };
    let mut db = app.pool.acquire().await?;
    store::views::save(&mut db, session.user_id, app.clock.now(), &view).await?;
    let and = if query.is_empty() { "" } else { "&" };
    Ok(Redirect::to(&format!("{page}?{query}{and}done=view")))
}

#[derive(Deserialize)]
struct Remove {}

async fn remove(
    State(app): State<AppState>,
    Path(id): Path<i64>,
    StaffForm(session, Remove {}): StaffForm<Remove>,
) -> Result<Redirect> {
    let mut db = app.pool.acquire().await?;
    let page = store::views::remove(&mut db, session.user_id, id).await?;
    let page = page.ok_or_else(PageError::not_found)?;
    Ok(Redirect::to(&format!("{page}?done=view_removed")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_has_no_place_no_gaps_and_one_order() {
        assert_eq!(
            state("status=confirmed&q=&cursor=abc&done=ship&email=a%20b"),
            "email=a+b&status=confirmed"
        );
        assert_eq!(
            state("tag=b&tag=a"),
            "tag=a&tag=b",
            "a filter may have several values"
        );
    }
}
