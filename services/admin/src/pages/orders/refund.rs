//! Giving money back: units of lines at what they cost, an amount, or all that is left. The page first shows what would go back.

use askama::Template;
use auth_token::CallError;
use auth_token::permissions::{ManageOrders, Refund as MayRefund};
use axum::extract::State;
use axum::response::{Html, Redirect};
use primitives::{Currency, Money, OrderId, OrderItemId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{back, open, optional, parts, path, units};
use crate::app::AppState;
use crate::error::{PageError, Result, refusal};
use crate::format::filters;
use crate::input::{self, Path, Query, StaffForm};
use crate::pages::act::{Act, act};
use crate::pages::shell::Shell;
use crate::read::order::{self, Line, Order, Payment};
use crate::session::{May, Session};

#[derive(Template)]
#[template(path = "orders/refund.html")]
struct Page {
    shell: Shell,
    order: Order,
    lines: Vec<Line>,
    payment: Payment,
    form: Wish,
    preview: Option<Preview>,
    key: String,
}

impl Page {
    /// What stands in a line's field.
    fn chosen(&self, line: &Line) -> &str {
        let index = self.form.item.iter().position(|item| *item == line.id);
        index
            .and_then(|index| self.form.quantity.get(index))
            .map_or("", String::as_str)
    }
}

/// What would go back, or why nothing would.
pub(super) enum Preview {
    Back(Money),
    Refused(String),
}

impl Preview {
    /// As order answers it.
    pub(super) async fn of(
        app: &AppState,
        session: &Session,
        to: &str,
        body: &Value,
    ) -> Result<Self> {
        let behalf = session.on_behalf_of();
        let answer = app.order.post::<_, Value>(to, Some(&behalf), None, body);
        match answer.await {
            Ok(answer) => Ok(Self::Back(serde_json::from_value(
                answer["amount"].clone(),
            )?)),
            Err(CallError::Problem { body, .. }) => Ok(Self::Refused(refusal(&body))),
            Err(error) => Err(error.into()),
        }
    }
}

/// What is to go back.
#[derive(Deserialize, Default, Clone)]
#[serde(default)]
pub(super) struct Wish {
    item: Vec<OrderItemId>,
    quantity: Vec<String>,
    amount: String,
    reason: String,
    /// Whether it is to be shown.
    preview: bool,
}

impl Wish {
    /// As order takes it.
    fn body(&self, currency: Currency) -> Result<Value> {
        let units = units(&self.item, &self.quantity)?;
        let mut body =
            json!({ "amount": amount(&self.amount, currency)?, "reason": optional(&self.reason) });
        if !units.is_empty() {
            body["items"] = parts(&units);
        }
        Ok(body)
    }
}

/// An amount that may be left out.
pub(super) fn amount(text: &str, currency: Currency) -> Result<Option<Money>> {
    let read = |text| {
        input::amount(text, currency)
            .ok_or_else(|| PageError::invalid("The amount must be a number such as 12.50."))
    };
    optional(text).map(read).transpose()
}

pub(super) async fn page(
    State(app): State<AppState>,
    session: May<ManageOrders>,
    Path(id): Path<OrderId>,
    Query(form): Query<Wish>,
) -> Result<Html<String>> {
    let (mut db, order) = open(&app, id).await?;
    let payment = order::payment(&mut db, &order)
        .await?
        .ok_or_else(PageError::not_found)?;
    let (lines, _) = order::lines(&mut db, &order).await?;
    drop(db);
    let preview = if form.preview {
        let body = form
            .body(order.currency.0)
            .map_err(|error| error.back_to(&format!("{}/refund", path(id))))?;
        let to = format!("/internal/payments/{}/refund/preview", payment.id);
        Some(Preview::of(&app, &session, &to, &body).await?)
    } else {
        None
    };
    let page = Page {
        shell: Shell::new(&session, "/admin/orders", None),
        order,
        lines,
        payment,
        form,
        preview: preview.filter(|_| session.may::<MayRefund>()),
        key: app.sessions.new_token(),
    };
    Ok(Html(page.render()?))
}

#[derive(Deserialize)]
pub(super) struct Refund {
    key: String,
    #[serde(default)]
    item: Vec<OrderItemId>,
    #[serde(default)]
    quantity: Vec<String>,
    #[serde(default)]
    amount: String,
    #[serde(default)]
    reason: String,
}

pub(super) async fn submit(
    State(app): State<AppState>,
    Path(id): Path<OrderId>,
    StaffForm(session, form): StaffForm<Refund>,
) -> Result<Redirect> {
    let (mut db, order) = open(&app, id).await?;
    let payment = order::payment(&mut db, &order)
        .await?
        .ok_or_else(PageError::not_found)?;
    drop(db);
    let wish = Wish {
        item: form.item,
        quantity: form.quantity,
        amount: form.amount,
        reason: form.reason,
        preview: false,
    };
    let body = wish.body(order.currency.0);
    let refund = Act {
        action: "order.refund",
        target: format!("order:{id}"),
        service: &app.order,
        path: format!("/internal/payments/{}/refund", payment.id),
        key: Some(&form.key),
        body: body.map_err(|error| error.back_to(&path(id)))?,
        page: &path(id),
    };
    act(&app, &session, refund).await?;
    Ok(back(id, "refund"))
}
