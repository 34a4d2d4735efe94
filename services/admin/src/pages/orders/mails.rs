//! A mail about an order: what it said, and sending it again.

use askama::Template;
use auth_token::CallError;
use auth_token::permissions::{ManageOrders, ReadOrders};
use axum::extract::State;
use axum::http::Method;
use axum::response::{Html, Redirect};
use primitives::{EventId, OrderId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{find, path};
use crate::app::AppState;
use crate::error::{PageError, Result, refusal};
use crate::format::filters;
use crate::input::{Path, StaffForm};
use crate::pages::act::{Change, change};
use crate::pages::shell::Shell;
use crate::read::order::Order;
use crate::read::timeline::{self, Mail};
use crate::session::{May, Session};

#[derive(Template)]
#[template(path = "orders/mail.html")]
struct Page {
    shell: Shell,
    order: Order,
    mail: Mail,
    /// What it says, or why that cannot be read.
    text: std::result::Result<String, String>,
    manage: bool,
    key: String,
}

#[derive(Deserialize)]
struct Said {
    text: String,
}

pub(super) async fn page(
    State(app): State<AppState>,
    session: May<ReadOrders>,
    Path((id, mail_id)): Path<(OrderId, EventId)>,
) -> Result<Html<String>> {
    let (order, mail) = known(&app, id, mail_id).await?;
    let behalf = session.on_behalf_of();
    let from = format!("/internal/mails/{mail_id}");
    let said: std::result::Result<Said, _> = app.notification.get(&from, Some(&behalf)).await;
    let text = match said {
        Ok(said) => Ok(said.text),
        Err(CallError::Problem { body, .. }) => Err(refusal(&body)),
        Err(error) => {
            tracing::warn!(%error, "notification does not say what a mail says");
            Err("The mail service does not answer right now.".to_owned())
        }
    };
    let page = Page {
        shell: Shell::new(&session, "/admin/orders", None),
        order,
        mail,
        text,
        manage: session.may::<ManageOrders>(),
        key: app.sessions.new_token(),
    };
    Ok(Html(page.render()?))
}

async fn known(app: &AppState, id: OrderId, mail: EventId) -> Result<(Order, Mail)> {
    let order = find(app, id).await?;
    let mut db = app.pool.acquire().await?;
    let mail = timeline::mail(&mut db, &order.number, mail).await?;
    Ok((order, mail.ok_or_else(PageError::not_found)?))
}

#[derive(Deserialize)]
pub(super) struct Resend {
    key: String,
}

pub(super) async fn resend(
    State(app): State<AppState>,
    Path((id, mail_id)): Path<(OrderId, EventId)>,
    StaffForm(session, form): StaffForm<Resend>,
) -> Result<Redirect> {
    if !session.may::<ManageOrders>() {
        return Err(PageError::forbidden());
    }
    let (_, mail) = known(&app, id, mail_id).await?;
    let page = format!("{}/mails/{mail_id}", path(id));
    let url = customer_link(&app, &session, id)
        .await
        .map_err(|error| PageError::from(error).back_to(&page))?;
    let to = format!("/internal/mails/{mail_id}/resend");
    let behalf = session.on_behalf_of();
    let call = app.notification.call(Method::POST, &to, Some(&behalf))?;
    let again = Change {
        action: "mail.resend",
        target: format!("order:{id}"),
        // Not the link, which lets the customer in.
        details: json!({ "mail_id": mail_id, "template": mail.template }),
        call: call.key(Some(&form.key)).json(&json!({ "url": url })),
        page: &page,
    };
    change::<Value>(&app, &session, again).await?;
    Ok(super::back(id, "mail_resend"))
}

/// Order makes it anew: nobody keeps it.
async fn customer_link(
    app: &AppState,
    session: &Session,
    id: OrderId,
) -> std::result::Result<String, CallError> {
    #[derive(Deserialize)]
    struct Link {
        url: String,
    }
    let from = format!("/internal/orders/{id}/customer-link");
    let link: Link = app.order.get(&from, Some(&session.on_behalf_of())).await?;
    Ok(link.url)
}
