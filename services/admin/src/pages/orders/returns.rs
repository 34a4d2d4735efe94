//! Returns: asked for, decided, received.

use askama::Template;
use auth_token::permissions::ManageOrders;
use axum::extract::State;
use axum::response::{Html, Redirect};
use primitives::{OrderId, OrderItemId, ReturnId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{back, open, open_lines, optional, path, units};
use crate::app::AppState;
use crate::error::{PageError, Result};
use crate::format::filters;
use crate::input::{Path, StaffForm};
use crate::pages::act::{Act, act};
use crate::pages::shell::Shell;
use crate::read::order::{self, Line, Order, Return};
use crate::session::May;

/// Why things come back.
const REASONS: [&str; 7] = [
    "damaged",
    "defective",
    "wrong_item",
    "not_as_described",
    "too_late",
    "unwanted",
    "other",
];

/// What they are like when they come.
const CONDITIONS: [&str; 4] = ["new", "opened", "used", "damaged"];

#[derive(Template)]
#[template(path = "orders/return_new.html")]
struct New {
    shell: Shell,
    order: Order,
    lines: Vec<Line>,
    key: String,
}

pub(super) async fn new(
    State(app): State<AppState>,
    session: May<ManageOrders>,
    Path(id): Path<OrderId>,
) -> Result<Html<String>> {
    let (order, lines) = open_lines(&app, id, |line| line.with_customer() > 0).await?;
    let page = New {
        shell: Shell::new(&session, "/admin/orders", None),
        order,
        lines,
        key: app.sessions.new_token(),
    };
    Ok(Html(page.render()?))
}

#[derive(Deserialize)]
pub(super) struct Create {
    key: String,
    item: Vec<OrderItemId>,
    quantity: Vec<String>,
    reason: String,
    #[serde(default)]
    comment: String,
}

pub(super) async fn create(
    State(app): State<AppState>,
    Path(id): Path<OrderId>,
    StaffForm(session, form): StaffForm<Create>,
) -> Result<Redirect> {
    let page = format!("{}/returns", path(id));
    let units = units(&form.item, &form.quantity).map_err(|error| error.back_to(&page))?;
    if units.is_empty() {
        return Err(PageError::invalid("Say how many units come back.").back_to(&page));
    }
    let part = |(item, quantity): &(OrderItemId, u32)| json!({ "order_item_id": item, "quantity": quantity, "reason": form.reason });
    let items: Value = units.iter().map(part).collect();
    let create = Act {
        action: "order.return.request",
        target: format!("order:{id}"),
        service: &app.order,
        path: format!("/internal/orders/{id}/returns"),
        key: Some(&form.key),
        body: json!({ "items": items, "comment": optional(&form.comment) }),
        page: &page,
    };
    act(&app, &session, create).await?;
    Ok(back(id, "return"))
}

/// What staff can do with a return.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Step {
    Approve,
    Reject,
    Receive,
}

#[derive(Template)]
#[template(path = "orders/return_receive.html")]
struct Receive {
    shell: Shell,
    order: Order,
    known: Return,
    key: String,
}

/// An order's return.
pub(super) async fn find(
    app: &AppState,
    id: OrderId,
    return_id: ReturnId,
) -> Result<(Order, Return)> {
    let (mut db, order) = open(app, id).await?;
    let returns = order::returns(&mut db, id).await?;
    let known = returns.into_iter().find(|known| known.id == return_id);
    Ok((order, known.ok_or_else(PageError::not_found)?))
}

/// The one step that needs a page of its own: what came, and what it is like.
pub(super) async fn page(
    State(app): State<AppState>,
    session: May<ManageOrders>,
    Path((id, return_id, step)): Path<(OrderId, ReturnId, Step)>,
) -> Result<Html<String>> {
    if step != Step::Receive {
        return Err(PageError::wrong_method().back_to(&path(id)));
    }
    let (order, known) = find(&app, id, return_id).await?;
    let page = Receive {
        shell: Shell::new(&session, "/admin/orders", None),
        order,
        known,
        key: app.sessions.new_token(),
    };
    Ok(Html(page.render()?))
}

#[derive(Deserialize)]
pub(super) struct Submit {
    key: String,
    #[serde(default)]
    answer: String,
    #[serde(default)]
    item: Vec<OrderItemId>,
    #[serde(default)]
    quantity: Vec<String>,
    #[serde(default)]
    condition: Vec<String>,
    /// The lines whose units are for sale again.
    #[serde(default)]
    restock: Vec<OrderItemId>,
}

impl Submit {
    fn received(&self) -> Result<Value> {
        let units = units(&self.item, &self.quantity)?;
        let part = |(item, quantity): &(OrderItemId, u32)| {
            let index = self.item.iter().position(|known| known == item);
            let condition = index.and_then(|index| self.condition.get(index));
            json!({ "order_item_id": item, "quantity": quantity, "condition": condition, "restock": self.restock.contains(item) })
        };
        Ok(units.iter().map(part).collect())
    }
}

pub(super) async fn submit(
    State(app): State<AppState>,
    Path((id, return_id, step)): Path<(OrderId, ReturnId, Step)>,
    StaffForm(session, form): StaffForm<Submit>,
) -> Result<Redirect> {
    let (name, body) = match step {
        Step::Approve => ("approve", json!({ "answer": optional(&form.answer) })),
        Step::Reject => ("reject", json!({ "answer": form.answer.trim() })),
        Step::Receive => ("receive", json!({ "items": form.received()? })),
    };
    let act_on = Act {
        action: &format!("order.return.{name}"),
        target: format!("order:{id}"),
        service: &app.order,
        path: format!("/internal/returns/{return_id}/{name}"),
        key: Some(&form.key),
        body,
        page: &path(id),
    };
    act(&app, &session, act_on).await?;
    Ok(back(id, &format!("return_{name}")))
}
