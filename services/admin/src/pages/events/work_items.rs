//! What a person has to see to.

use askama::Template;
use auth_token::permissions::ReadOrders;
use axum::extract::State;
use axum::response::Html;
use primitives::{Timestamp, WorkItemId};
use serde::Deserialize;

use super::{Tab, WORK_ITEMS, tabs};
use crate::app::AppState;
use crate::error::{PageError, Result};
use crate::format::filters;
use crate::input::Query;
use crate::pages::shell::{Shell, link};
use crate::read::work_items::{Filter, STATUSES, WorkItem};
use crate::read::{self, snapshot};
use crate::session::May;

const PAGE: usize = 50;

#[derive(Template)]
#[template(path = "events/work_items.html")]
struct Page {
    shell: Shell,
    tabs: Vec<Tab>,
    status: String,
    kinds: Vec<String>,
    except: Vec<String>,
    items: Vec<WorkItem>,
    /// What was raised before is overdue.
    overdue: Timestamp,
    next: Option<String>,
}

impl Page {
    /// Where those of a status are, of the same kinds.
    fn of(&self, status: &str) -> String {
        address(status, (&self.kinds, &self.except), "")
    }

    fn is_overdue(&self, item: &WorkItem) -> bool {
        item.raised_at < self.overdue
    }
}

fn address(status: &str, (kinds, except): (&[String], &[String]), after: &str) -> String {
    let mut pairs = vec![("status", status)];
    pairs.extend(kinds.iter().map(|kind| ("kind", kind.as_str())));
    pairs.extend(except.iter().map(|kind| ("except", kind.as_str())));
    pairs.push(("after", after));
    link(WORK_ITEMS, &pairs)
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Params {
    status: String,
    /// Only these; all without any.
    kind: Vec<String>,
    /// Not these.
    except: Vec<String>,
    after: Option<WorkItemId>,
    done: Option<String>,
}

pub(super) async fn page(
    State(app): State<AppState>,
    session: May<ReadOrders>,
    Query(params): Query<Params>,
) -> Result<Html<String>> {
    let status = match params.status.as_str() {
        "" => "open",
        "all" => "all",
        other => STATUSES
            .into_iter()
            .find(|status| *status == other)
            .ok_or_else(|| PageError::invalid("There is no such status.").back_to(WORK_ITEMS))?,
    };
    let mut db = snapshot(&app.order_db).await?;
    let filter = Filter {
        status,
        kinds: &params.kind,
        except: &params.except,
    };
    let mut items = read::work_items::list(&mut db, &filter, params.after, PAGE as i64 + 1).await?;
    drop(db);
    let next = (items.len() > PAGE)
        .then(|| items.truncate(PAGE))
        .and_then(|()| items.last())
        .map(|last| {
            let after = last.id.to_string();
            address(&params.status, (&params.kind, &params.except), &after)
        });
    let page = Page {
        shell: Shell::new(&session, WORK_ITEMS, params.done.as_deref()),
        tabs: tabs(&session, WORK_ITEMS),
        status: status.to_owned(),
        kinds: params.kind,
        except: params.except,
        items,
        overdue: app.clock.now() - app.overdue_after(),
        next,
    };
    Ok(Html(page.render()?))
}
