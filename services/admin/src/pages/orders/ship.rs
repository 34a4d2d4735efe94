//! Sending a parcel: all that is left, or some of it.

use askama::Template;
use auth_token::permissions::ManageOrders;
use axum::extract::State;
use axum::response::{Html, Redirect};
use primitives::{OrderId, OrderItemId};
use serde::Deserialize;
use serde_json::json;

use super::{back, open_lines, optional, parts, path, units};
use crate::app::AppState;
use crate::error::{PageError, Result};
use crate::format::filters;
use crate::input::{Path, StaffForm};
use crate::pages::act::{Act, act};
use crate::pages::shell::Shell;
use crate::read::order::{Line, Order};
use crate::session::May;

#[derive(Template)]
#[template(path = "orders/ship.html")]
struct Page {
    shell: Shell,
    order: Order,
    lines: Vec<Line>,
    address: Vec<String>,
    key: String,
}

pub(super) async fn page(
    State(app): State<AppState>,
    session: May<ManageOrders>,
    Path(id): Path<OrderId>,
) -> Result<Html<String>> {
    let (order, lines) = open_lines(&app, id, |line| line.left() > 0).await?;
    let page = Page {
        shell: Shell::new(&session, "/admin/orders", None),
        address: super::detail::address_lines(&order.shipping_address),
        order,
        lines,
        key: app.sessions.new_token(),
    };
    Ok(Html(page.render()?))
}

#[derive(Deserialize)]
pub(super) struct Ship {
    key: String,
    carrier: String,
    tracking_number: String,
    #[serde(default)]
    tracking_url: String,
    #[serde(default)]
    item: Vec<OrderItemId>,
    #[serde(default)]
    quantity: Vec<String>,
}

pub(super) async fn submit(
    State(app): State<AppState>,
    Path(id): Path<OrderId>,
    StaffForm(session, form): StaffForm<Ship>,
) -> Result<Redirect> {
    let mut body = json!({
        "carrier": form.carrier.trim(),
        "tracking_number": form.tracking_number.trim(),
    });
    if let Some(url) = optional(&form.tracking_url) {
        body["tracking_url"] = url.into();
    }
    let page = format!("{}/ship", path(id));
    let units = units(&form.item, &form.quantity).map_err(|error| error.back_to(&page))?;
    if !form.item.is_empty() {
        if units.is_empty() {
            return Err(PageError::invalid("The parcel is empty.").back_to(&page));
        }
        body["items"] = parts(&units);
    }
    let ship = Act {
        action: "order.ship",
        target: format!("order:{id}"),
        service: &app.order,
        path: format!("/internal/orders/{id}/shipments"),
        key: Some(&form.key),
        body,
        page: &path(id),
    };
    act(&app, &session, ship).await?;
    Ok(back(id, "ship"))
}
