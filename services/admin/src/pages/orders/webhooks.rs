//! A message of the payment provider about an order: what it said, and having it applied again.

use askama::Template;
use auth_token::permissions::{ManageOrders, ReadOrders};
use axum::extract::State;
use axum::response::{Html, Redirect};
use primitives::{OrderId, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{back, find, path};
use crate::app::AppState;
use crate::error::{PageError, Result};
use crate::format::filters;
use crate::input::{Nothing, Path, StaffForm};
use crate::pages::act::{Act, act};
use crate::pages::shell::Shell;
use crate::read::order::Order;
use crate::session::{May, Session};

/// Characters of a payload that a page shows.
const MOST: usize = 40_000;

#[derive(Template)]
#[template(path = "orders/webhook.html")]
struct Page {
    shell: Shell,
    order: Order,
    webhook: Webhook,
    payload: String,
    /// Whether that is the beginning.
    cut: bool,
    manage: bool,
}

/// As order answers it.
#[derive(Deserialize)]
struct Webhook {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    order_id: Option<OrderId>,
    received_at: Timestamp,
    processed_at: Option<Timestamp>,
    outcome: Option<String>,
    attempts: i32,
    error: Option<String>,
    payload: Value,
}

/// Nothing of another order's.
async fn known(app: &AppState, session: &Session, id: OrderId, webhook: &str) -> Result<Webhook> {
    if !webhook
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    {
        return Err(PageError::not_found());
    }
    let from = format!("/internal/webhooks/{webhook}");
    let behalf = session.on_behalf_of();
    let known: Webhook = app.order.get(&from, Some(&behalf)).await?;
    if known.order_id == Some(id) {
        Ok(known)
    } else {
        Err(PageError::not_found())
    }
}

pub(super) async fn page(
    State(app): State<AppState>,
    session: May<ReadOrders>,
    Path((id, webhook)): Path<(OrderId, String)>,
) -> Result<Html<String>> {
    let order = find(&app, id).await?;
    let webhook = known(&app, &session, id, &webhook).await?;
    let mut payload = serde_json::to_string_pretty(&webhook.payload)?;
    let end = payload.char_indices().nth(MOST).map(|(end, _)| end);
    if let Some(end) = end {
        payload.truncate(end);
    }
    let page = Page {
        shell: Shell::new(&session, "/admin/orders", None),
        order,
        webhook,
        payload,
        cut: end.is_some(),
        manage: session.may::<ManageOrders>(),
    };
    Ok(Html(page.render()?))
}

pub(super) async fn replay(
    State(app): State<AppState>,
    Path((id, webhook)): Path<(OrderId, String)>,
    StaffForm(session, Nothing {}): StaffForm<Nothing>,
) -> Result<Redirect> {
    if !session.may::<ManageOrders>() {
        return Err(PageError::forbidden());
    }
    let known = known(&app, &session, id, &webhook).await?;
    let replay = Act {
        action: "webhook.replay",
        target: format!("order:{id}"),
        service: &app.order,
        path: format!("/internal/webhooks/{}/replay", known.id),
        key: None,
        body: json!({}),
        page: &format!("{}/webhooks/{}", path(id), known.id),
    };
    act(&app, &session, replay).await?;
    Ok(back(id, "webhook_replay"))
}
