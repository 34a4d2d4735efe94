use std::collections::HashMap;

use askama::Template;
use auth_token::permissions::UseInbox;
use axum::extract::State;
use axum::response::Html;
use http_kit::{Cursor, Limit, Page as Cut};
use primitives::UserId;
use serde::Deserialize;
use uuid::Uuid;

use super::SECTION;
use crate::app::AppState;
use crate::domain::threads::{Kind, Status};
use crate::error::Result;
use crate::format::filters;
use crate::input::Query;
use crate::pages::shell::{Shell, link};
use crate::read;
use crate::session::May;
use crate::store::messages::Thread;
use crate::store::messages::lists::{self, Inbox, Place};

const PAGE: u32 = 50;

#[derive(Template)]
#[template(path = "messages/list.html")]
struct Page {
    shell: Shell,
    tabs: Vec<Tab>,
    kind: &'static str,
    status: &'static str,
    who: String,
    threads: Vec<Thread>,
    names: HashMap<Uuid, String>,
    next: Option<String>,
}

/// A box and a status, as a link.
struct Tab {
    href: String,
    label: &'static str,
    current: bool,
}

impl Page {
    fn name(&self, id: &UserId) -> &str {
        self.names
            .get(&id.uuid())
            .map_or("Deleted account", String::as_str)
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Params {
    /// `support` or `seller`.
    kind: String,
    /// `all` for all.
    status: String,
    /// `me`, `nobody`, or anybody.
    who: String,
    /// Only those that this user began.
    user: Option<UserId>,
    cursor: String,
    done: Option<String>,
}

pub(super) async fn page(
    State(app): State<AppState>,
    session: May<UseInbox>,
    Query(params): Query<Params>,
) -> Result<Html<String>> {
    let kind = params.kind.parse().unwrap_or(Kind::Support);
    let chosen = match params.status.as_str() {
        "" => Some(Status::Open),
        other => other.parse().ok(),
    };
    let chosen = chosen.filter(|_| params.user.is_none());
    let inbox = Inbox {
        kind,
        status: chosen,
        assignee: (params.who == "me").then_some(session.user_id),
        unassigned: params.who == "nobody",
        of_user: params.user,
    };
    let after = serde_json::from_value::<Cursor>(params.cursor.into())
        .ok()
        .and_then(|cursor| cursor.decode::<Place>().ok());
    let limit = Limit::try_from(PAGE).unwrap_or_default();
    let mut db = app.pool.acquire().await?;
    let threads = lists::inbox(&mut db, inbox, after, limit.fetch()).await?;
    drop(db);
    let page = Cut::cut(threads, limit, Place::of)?;
    let mut ids: Vec<Uuid> = page
        .data
        .iter()
        .flat_map(|thread| {
            [Some(thread.user_id), thread.seller_id, thread.assignee_id]
                .into_iter()
                .flatten()
        })
        .map(UserId::uuid)
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let names = read::users::names(&mut *app.auth_db.acquire().await?, &ids).await?;
    let status = chosen.map_or("all", Status::as_str);
    let user = params.user.map(|id| id.to_string()).unwrap_or_default();
    let to = |kind: Kind, status: &str, cursor: &str| {
        let pairs = [
            ("kind", kind.as_str()),
            ("status", status),
            ("who", params.who.as_str()),
            ("user", user.as_str()),
            ("cursor", cursor),
        ];
        link(SECTION, &pairs)
    };
    let tab = |of: Kind, word: &'static str, label| Tab {
        href: to(of, word, ""),
        label,
        current: of == kind && word == status,
    };
    let tabs = vec![
        tab(Kind::Support, "open", "To answer"),
        tab(Kind::Support, "waiting", "Waiting for the customer"),
        tab(Kind::Support, "closed", "Closed"),
        tab(Kind::Support, "all", "All"),
        tab(Kind::Seller, "all", "With sellers"),
    ];
    let page = Page {
        shell: Shell::new(&session, SECTION, params.done.as_deref()),
        tabs,
        kind: kind.as_str(),
        status,
        next: page
            .next_cursor
            .map(|cursor| to(kind, status, cursor.as_str())),
        who: params.who.clone(),
        threads: page.data,
        names,
    };
    Ok(Html(page.render()?))
}
