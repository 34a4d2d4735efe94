//! What the payment provider told.

use askama::Template;
use auth_token::permissions::ReadOrders;
use axum::extract::State;
use axum::response::Html;
use http_kit::Cursor;
use primitives::Timestamp;
use serde::Deserialize;

use super::{PAYMENT_EVENTS, Tab, section, tabs};
use crate::app::AppState;
use crate::error::{PageError, Result};
use crate::format::filters;
use crate::input::Query;
use crate::pages::shell::{Shell, link};
use crate::read::payment_events::PaymentEvent;
use crate::read::{self, snapshot};
use crate::session::May;

const PAGE: usize = 50;

#[derive(Template)]
#[template(path = "events/payment_events.html")]
struct Page {
    shell: Shell,
    tabs: Vec<Tab>,
    /// Every event, not only what needs a person.
    all: bool,
    q: String,
    events: Vec<PaymentEvent>,
    next: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Params {
    show: String,
    /// An event's id, or the provider's name of a payment or of its page.
    q: String,
    cursor: Option<Cursor>,
}

pub(super) async fn page(
    State(app): State<AppState>,
    session: May<ReadOrders>,
    Query(params): Query<Params>,
) -> Result<Html<String>> {
    let broken = |_| {
        PageError::invalid("The link to this page of the list is broken.").back_to(PAYMENT_EVENTS)
    };
    let after = params
        .cursor
        .as_ref()
        .map(|cursor| cursor.decode::<(Timestamp, String)>().map_err(broken))
        .transpose()?;
    let q = params.q.trim();
    let name = Some(q).filter(|q| !q.is_empty());
    // Who asks for one by name wants it in any state.
    let all = params.show == "all" || name.is_some();
    let mut db = snapshot(&app.order_db).await?;
    let limit = PAGE as i64 + 1;
    let mut events = read::payment_events::list(&mut db, !all, name, after, limit).await?;
    drop(db);
    let more = events.len() > PAGE;
    events.truncate(PAGE);
    let next = match events.last().filter(|_| more) {
        Some(last) => {
            let cursor = Cursor::encode(&(last.received_at, &last.id))?;
            let pairs = [
                ("show", params.show.as_str()),
                ("q", q),
                ("cursor", cursor.as_str()),
            ];
            Some(link(PAYMENT_EVENTS, &pairs))
        }
        None => None,
    };
    let page = Page {
        shell: Shell::new(&session, section(&session), None),
        tabs: tabs(&session, PAYMENT_EVENTS),
        all,
        q: q.to_owned(),
        events,
        next,
    };
    Ok(Html(page.render()?))
}
