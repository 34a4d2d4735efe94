//! One thing that the payment provider told: its words, and having it applied again.

use askama::Template;
use auth_token::permissions::{ManageOrders, ReadOrders};
use axum::extract::State;
use axum::response::{Html, Redirect};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{PAYMENT_EVENTS, section};
use crate::app::AppState;
use crate::error::{PageError, Result};
use crate::format::filters;
use crate::input::{Nothing, Path, Query, StaffForm};
use crate::pages::act::{Act, act};
use crate::pages::shell::Shell;
use crate::read;
use crate::read::payment_events::PaymentEvent;
use crate::session::May;

/// Characters of a payload that a page shows.
const MOST: usize = 40_000;

#[derive(Template)]
#[template(path = "events/payment_event.html")]
struct Page {
    shell: Shell,
    event: PaymentEvent,
    payload: String,
    /// Whether that is the beginning.
    cut: bool,
    manage: bool,
}

/// As order answers it: without secrets.
#[derive(Deserialize)]
struct Told {
    payload: Value,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Params {
    done: Option<String>,
}

async fn find(app: &AppState, id: &str) -> Result<PaymentEvent> {
    let none = || PageError::not_found().back_to(PAYMENT_EVENTS);
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if !id.bytes().all(allowed) {
        return Err(none());
    }
    let mut db = app.order_db.acquire().await?;
    let event = read::payment_events::find(&mut db, id).await?;
    event.ok_or_else(none)
}

pub(super) async fn page(
    State(app): State<AppState>,
    session: May<ReadOrders>,
    Path(id): Path<String>,
    Query(params): Query<Params>,
) -> Result<Html<String>> {
    let event = find(&app, &id).await?;
    let from = format!("/internal/webhooks/{}", event.id);
    let Told { payload } = app.order.get(&from, Some(&session.on_behalf_of())).await?;
    let mut payload = serde_json::to_string_pretty(&payload)?;
    let end = payload.char_indices().nth(MOST).map(|(end, _)| end);
    if let Some(end) = end {
        payload.truncate(end);
    }
    let page = Page {
        shell: Shell::new(&session, section(&session), params.done.as_deref()),
        event,
        payload,
        cut: end.is_some(),
        manage: session.may::<ManageOrders>(),
    };
    Ok(Html(page.render()?))
}

pub(super) async fn replay(
    State(app): State<AppState>,
    Path(id): Path<String>,
    StaffForm(session, Nothing {}): StaffForm<Nothing>,
) -> Result<Redirect> {
    if !session.may::<ManageOrders>() {
        return Err(PageError::forbidden());
    }
    let event = find(&app, &id).await?;
    let page = format!("{PAYMENT_EVENTS}/{}", event.id);
    let replay = Act {
        action: "webhook.replay",
        target: target(&event),
        service: &app.order,
        path: format!("/internal/webhooks/{}/replay", event.id),
        key: None,
        body: json!({}),
        page: &page,
    };
    act(&app, &session, replay).await?;
    Ok(Redirect::to(&format!("{page}?done=webhook_replay")))
}

/// The order that it is about, in whose timeline the act stands; itself, if it is about none.
fn target(event: &PaymentEvent) -> String {
    match event.order_id {
        Some(order) => format!("order:{order}"),
        None => format!("payment_event:{}", event.id),
    }
}
