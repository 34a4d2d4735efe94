use std::collections::HashMap;

use askama::Template;
use auth_token::Role;
use auth_token::permissions::UseInbox;
use axum::extract::State;
use axum::response::{Html, Redirect};
use primitives::{Text, ThreadId, UserId};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::SECTION;
use crate::app::AppState;
use crate::domain::threads::{Side, Status};
use crate::error::{PageError, Result};
use crate::format::filters;
use crate::input::{Path, Query, StaffForm};
use crate::pages::shell::Shell;
use crate::read;
use crate::session::{May, Session};
use crate::store::messages::texts::{self, Message};
use crate::store::messages::{Thread, threads};
use crate::workflows::idempotency::{self, Repeat};
use crate::workflows::messages::{self, Writing};

const PAGE: usize = 50;

#[derive(Template)]
#[template(path = "messages/thread.html")]
struct Page {
    shell: Shell,
    thread: Thread,
    /// Oldest first.
    messages: Vec<Message>,
    names: HashMap<Uuid, String>,
    older: Option<i64>,
    /// Whether it is theirs to look after.
    mine: bool,
    key: String,
}

impl Page {
    fn name(&self, id: Option<&UserId>) -> &str {
        id.and_then(|id| self.names.get(&id.uuid()))
            .map_or("Deleted account", String::as_str)
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Params {
    before: Option<i64>,
    done: Option<String>,
}

pub(super) async fn page(
    State(app): State<AppState>,
    session: May<UseInbox>,
    Path(id): Path<ThreadId>,
    Query(params): Query<Params>,
) -> Result<Html<String>> {
    let mut db = app.pool.acquire().await?;
    let thread = threads::find(&mut db, id)
        .await?
        .ok_or_else(PageError::not_found)?;
    let mut messages = texts::list(&mut db, id, true, params.before, PAGE as i64 + 1).await?;
    // Staff have read what they look at.
    threads::read(&mut db, &thread, Side::Staff).await?;
    drop(db);
    let older = (messages.len() > PAGE)
        .then(|| messages.truncate(PAGE))
        .and_then(|()| messages.last())
        .map(|message| message.seq);
    messages.reverse();
    let mut ids: Vec<Uuid> = messages
        .iter()
        .filter_map(|message| message.author_id)
        .chain(
            [Some(thread.user_id), thread.seller_id, thread.assignee_id]
                .into_iter()
                .flatten(),
        )
        .map(UserId::uuid)
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let names = read::users::names(&mut *app.auth_db.acquire().await?, &ids).await?;
    let page = Page {
        shell: Shell::new(&session, SECTION, params.done.as_deref()),
        mine: thread.assignee_id == Some(session.user_id),
        thread,
        messages,
        names,
        older,
        key: app.sessions.new_token(),
    };
    Ok(Html(page.render()?))
}

fn page_of(id: ThreadId) -> String {
    format!("{SECTION}/{id}")
}

fn allowed(session: &Session) -> Result<()> {
    if session.may::<UseInbox>() {
        Ok(())
    } else {
        Err(PageError::forbidden())
    }
}

#[derive(Deserialize)]
pub(super) struct Write {
    key: String,
    body: String,
    /// `note` for a note between staff.
    #[serde(default)]
    r#as: String,
}

pub(super) async fn write(
    State(app): State<AppState>,
    Path(id): Path<ThreadId>,
    StaffForm(session, form): StaffForm<Write>,
) -> Result<Redirect> {
    allowed(&session)?;
    let body = Text::<4000>::try_from(form.body)
        .map_err(|why| PageError::invalid(&format!("The text {why}.")).back_to(&page_of(id)))?;
    let internal = form.r#as == "note";
    let repeat = Repeat {
        hash: Sha256::digest(format!("{id} {internal} {body}")).into(),
        key: Some(form.key),
    };
    if idempotency::replay(&app, session.user_id, &repeat)
        .await?
        .is_none()
    {
        let writing = Writing {
            thread: id,
            author: session.user_id,
            email: session.email.clone(),
            side: Side::Staff,
            body: body.as_str(),
            internal,
        };
        messages::write(&app, &writing, &repeat).await?;
    }
    let done = if internal { "noted" } else { "answered" };
    Ok(Redirect::to(&format!("{}?done={done}", page_of(id))))
}

#[derive(Deserialize)]
pub(super) struct Assign {
    version: i32,
    /// A member of the staff; nobody if it is empty.
    #[serde(default)]
    assignee: String,
}

pub(super) async fn assign(
    State(app): State<AppState>,
    Path(id): Path<ThreadId>,
    StaffForm(session, form): StaffForm<Assign>,
) -> Result<Redirect> {
    allowed(&session)?;
    let assignee: Option<UserId> = match form.assignee.as_str() {
        "" => None,
        id => Some(id.parse().map_err(|_| PageError::not_found())?),
    };
    if let Some(assignee) = assignee {
        let role = read::users::role(&mut *app.auth_db.acquire().await?, assignee).await?;
        if !role.is_some_and(Role::is_staff) {
            return Err(PageError::invalid("That is nobody of the staff.").back_to(&page_of(id)));
        }
    }
    let who = (session.user_id, &session.email);
    messages::assign(&app, who, id, assignee, Some(form.version))
        .await
        .map_err(|error| PageError::from(error).back_to(&page_of(id)))?;
    Ok(Redirect::to(&format!("{}?done=assigned", page_of(id))))
}

#[derive(Deserialize)]
pub(super) struct Turn {
    version: i32,
    status: Status,
}

pub(super) async fn turn(
    State(app): State<AppState>,
    Path(id): Path<ThreadId>,
    StaffForm(session, form): StaffForm<Turn>,
) -> Result<Redirect> {
    allowed(&session)?;
    let who = (session.user_id, &session.email);
    messages::turn(&app, who, Side::Staff, id, form.status, Some(form.version))
        .await
        .map_err(|error| PageError::from(error).back_to(&page_of(id)))?;
    Ok(Redirect::to(&format!("{}?done=turned", page_of(id))))
}
