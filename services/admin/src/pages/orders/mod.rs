//! Orders: the list, one order, and what is done with it.

mod actions;
mod address;
mod bulk;
mod detail;
mod documents;
mod export;
mod list;
mod mails;
mod refund;
mod return_refund;
mod returns;
mod ship;
mod tags;
mod timeline;

use axum::Router;
use axum::response::Redirect;
use axum::routing::{get, post};
use primitives::{OrderId, OrderItemId};
use serde_json::{Value, json};
use sqlx::{Postgres, Transaction};

use crate::app::AppState;
use crate::error::{PageError, Result};
use crate::read::order::{self, Line, Order};
use crate::read::snapshot;

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/admin/orders", get(list::page))
        .route("/admin/orders/bulk", post(bulk::submit))
        .route("/admin/orders/export.csv", get(export::file))
        .route("/admin/orders/{id}", get(detail::page))
        .route(
            "/admin/orders/{id}/ship",
            get(ship::page).post(ship::submit),
        )
        .route("/admin/orders/{id}/deliver", post(actions::deliver))
        .route("/admin/orders/{id}/cancel", post(actions::cancel))
        .route("/admin/orders/{id}/capture", post(actions::capture))
        .route("/admin/orders/{id}/void", post(actions::void))
        .route("/admin/orders/{id}/mark-paid", post(actions::mark_paid))
        .route("/admin/orders/{id}/resume", post(actions::resume))
        .route(
            "/admin/orders/{id}/address",
            get(address::page).post(address::submit),
        )
        .route("/admin/orders/{id}/timeline", get(timeline::page))
        .route("/admin/orders/{id}/mails/{mail}", get(mails::page))
        .route(
            "/admin/orders/{id}/mails/{mail}/resend",
            post(mails::resend),
        )
        .route("/admin/orders/{id}/notes", post(actions::note))
        .route("/admin/orders/{id}/tags", post(tags::submit))
        .route("/admin/orders/{id}/documents/{kind}", get(documents::page))
        .route(
            "/admin/orders/{id}/credit-notes/{number}",
            get(documents::credit_note),
        )
        .route(
            "/admin/orders/{id}/refund",
            get(refund::page).post(refund::submit),
        )
        .route(
            "/admin/orders/{id}/refunds/{refund}/mark-paid",
            post(actions::mark_refund),
        )
        .route(
            "/admin/orders/{id}/returns",
            get(returns::new).post(returns::create),
        )
        .route(
            "/admin/orders/{id}/returns/{return_id}/{step}",
            get(returns::page).post(returns::submit),
        )
        .route(
            "/admin/orders/{id}/returns/{return_id}/refund",
            get(return_refund::page).post(return_refund::submit),
        )
}

async fn find(app: &AppState, id: OrderId) -> Result<Order> {
    Ok(open(app, id).await?.1)
}

/// An order, and the snapshot in which to read what belongs to it.
async fn open(app: &AppState, id: OrderId) -> Result<(Transaction<'static, Postgres>, Order)> {
    let mut db = snapshot(&app.order_db).await?;
    let order = order::find(&mut db, id).await?;
    Ok((db, order.ok_or_else(PageError::not_found)?))
}

/// An order with those of its lines that a form is about.
async fn open_lines(
    app: &AppState,
    id: OrderId,
    which: impl Fn(&Line) -> bool,
) -> Result<(Order, Vec<Line>)> {
    let (mut db, order) = open(app, id).await?;
    let (mut lines, _) = order::lines(&mut db, &order).await?;
    lines.retain(which);
    Ok((order, lines))
}

fn path(id: OrderId) -> String {
    format!("/admin/orders/{id}")
}

fn back(id: OrderId, done: &str) -> Redirect {
    Redirect::to(&format!("{}?done={done}", path(id)))
}

fn optional(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

/// Units of lines, from a form with a field `item` and a field `quantity` for each line; lines without units are left out.
fn units(items: &[OrderItemId], quantities: &[String]) -> Result<Vec<(OrderItemId, u32)>> {
    if items.len() != quantities.len() {
        return Err(PageError::invalid("Something is missing in the form."));
    }
    let unit = |(item, quantity): (&OrderItemId, &String)| match quantity.trim() {
        "" | "0" => None,
        text => Some(text.parse().map(|quantity| (*item, quantity))),
    };
    let chosen = items.iter().zip(quantities).filter_map(unit);
    chosen
        .collect::<std::result::Result<_, _>>()
        .map_err(|_| PageError::invalid("A quantity must be a whole number."))
}

/// The same as services take them.
fn parts(units: &[(OrderItemId, u32)]) -> Value {
    let part = |(item, quantity): &(OrderItemId, u32)| json!({ "order_item_id": item, "quantity": quantity });
    units.iter().map(part).collect()
}
