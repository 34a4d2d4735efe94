//! The money of what came back: what the units are worth, what shipping cost besides, or another amount. The page shows what would go back.

use askama::Template;
use auth_token::permissions::ManageOrders;
use axum::extract::State;
use axum::response::{Html, Redirect};
use primitives::{Currency, OrderId, ReturnId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::refund::{Preview, amount};
use super::returns::find;
use super::{back, optional, path};
use crate::app::AppState;
use crate::error::Result;
use crate::format::filters;
use crate::input::{Path, Query, StaffForm};
use crate::pages::act::{Act, act};
use crate::pages::shell::Shell;
use crate::read::order::{Order, Return};
use crate::session::May;

#[derive(Template)]
#[template(path = "orders/return_refund.html")]
struct Page {
    shell: Shell,
    order: Order,
    known: Return,
    wish: Wish,
    preview: Preview,
    key: String,
}

/// What is to go back: what the units are worth, unless there is an amount.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Wish {
    amount: String,
    shipping: bool,
    reason: String,
}

impl Wish {
    /// As order takes it.
    fn body(&self, currency: Currency) -> Result<Value> {
        Ok(json!({
            "amount": amount(&self.amount, currency)?,
            "shipping": self.shipping.then_some(true),
            "reason": optional(&self.reason),
        }))
    }
}

pub(super) async fn page(
    State(app): State<AppState>,
    session: May<ManageOrders>,
    Path((id, return_id)): Path<(OrderId, ReturnId)>,
    Query(wish): Query<Wish>,
) -> Result<Html<String>> {
    let (order, known) = find(&app, id, return_id).await?;
    let body = wish
        .body(order.currency.0)
        .map_err(|error| error.back_to(&here(id, return_id)))?;
    let to = format!("/internal/returns/{return_id}/refund/preview");
    let page = Page {
        preview: Preview::of(&app, &session, &to, &body).await?,
        shell: Shell::new(&session, "/admin/orders", None),
        order,
        known,
        wish,
        key: app.sessions.new_token(),
    };
    Ok(Html(page.render()?))
}

#[derive(Deserialize)]
pub(super) struct Submit {
    key: String,
    #[serde(default)]
    amount: String,
    #[serde(default)]
    shipping: bool,
    #[serde(default)]
    reason: String,
}

pub(super) async fn submit(
    State(app): State<AppState>,
    Path((id, return_id)): Path<(OrderId, ReturnId)>,
    StaffForm(session, form): StaffForm<Submit>,
) -> Result<Redirect> {
    let (order, _) = find(&app, id, return_id).await?;
    let page = here(id, return_id);
    let wish = Wish {
        amount: form.amount,
        shipping: form.shipping,
        reason: form.reason,
    };
    let body = wish.body(order.currency.0);
    let refund = Act {
        action: "order.return.refund",
        target: format!("order:{id}"),
        service: &app.order,
        path: format!("/internal/returns/{return_id}/refund"),
        key: Some(&form.key),
        body: body.map_err(|error| error.back_to(&page))?,
        page: &page,
    };
    act(&app, &session, refund).await?;
    Ok(back(id, "return_refund"))
}

fn here(id: OrderId, return_id: ReturnId) -> String {
    format!("{}/returns/{return_id}/refund", path(id))
}
