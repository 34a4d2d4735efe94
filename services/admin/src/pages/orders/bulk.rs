//! One act for many orders: each is asked for on its own, and each has a row in the result.

use askama::Template;
use auth_token::CallError;
use auth_token::permissions::{ManageOrders, ReadOrders};
use axum::extract::State;
use axum::http::Method;
use axum::response::{Html, IntoResponse as _, Response};
use primitives::OrderId;
use serde::Deserialize;
use serde_json::{Value, json};

use super::documents::{self, Format};
use super::tags::word;
use super::{export, optional};
use crate::app::AppState;
use crate::error::{PageError, Result, STALE, refusal};
use crate::format::filters;
use crate::input::StaffForm;
use crate::pages::act::{Change, attempt};
use crate::pages::shell::Shell;
use crate::read::orders::{OrderRow, of_ids};
use crate::read::snapshot;
use crate::session::Session;

/// More than a page of the list shows.
const MOST: usize = 100;

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum What {
    Ship,
    Tag,
    Cancel,
    /// To be printed, as a PDF.
    Slips,
    /// The same as a page.
    Pages,
    Export,
}

impl What {
    /// Whether it only reads.
    const fn reads(self) -> bool {
        matches!(self, Self::Slips | Self::Pages | Self::Export)
    }
}

#[derive(Deserialize)]
pub(super) struct Bulk {
    key: String,
    what: What,
    #[serde(default)]
    order: Vec<OrderId>,
    #[serde(default)]
    tag: String,
    #[serde(default)]
    reason: String,
    /// Of the second page of shipping: one for each order.
    #[serde(default)]
    carrier: Vec<String>,
    #[serde(default)]
    tracking_number: Vec<String>,
}

#[derive(Template)]
#[template(path = "orders/bulk_ship.html")]
struct ShipPage {
    shell: Shell,
    orders: Vec<OrderRow>,
    key: String,
}

#[derive(Template)]
#[template(path = "orders/bulk_result.html")]
struct ResultPage {
    shell: Shell,
    title: &'static str,
    rows: Vec<(OrderRow, std::result::Result<(), String>)>,
}

pub(super) async fn submit(
    State(app): State<AppState>,
    StaffForm(session, form): StaffForm<Bulk>,
) -> Result<Response> {
    let back = |text| PageError::invalid(text).back_to("/admin/orders");
    if !session.may::<ReadOrders>() || !form.what.reads() && !session.may::<ManageOrders>() {
        return Err(PageError::forbidden());
    }
    if form.order.is_empty() || form.order.len() > MOST {
        return Err(back("Choose 1 to 100 orders."));
    }
    if form.what == What::Tag && form.tag.trim().is_empty() {
        return Err(back("Say which tag the orders get."));
    }
    let mut db = snapshot(&app.order_db).await?;
    let orders = of_ids(&mut db, &form.order).await?;
    drop(db);
    match form.what {
        // In the order of the list.
        What::Slips | What::Pages => {
            let format = match form.what {
                What::Slips => Format::Pdf,
                _ => Format::Html,
            };
            let ids: Vec<OrderId> = orders.iter().map(|order| order.id).collect();
            return documents::slips(&app, &session, &ids, format).await;
        }
        What::Export => return export::chosen(&app, &session, &orders).await,
        What::Ship | What::Tag | What::Cancel => {}
    }
    let shell = Shell::new(&session, "/admin/orders", None);
    if form.what == What::Ship && form.tracking_number.is_empty() {
        let page = ShipPage {
            shell,
            orders,
            key: app.sessions.new_token(),
        };
        return Ok(Html(page.render()?).into_response());
    }
    let mut rows = Vec::with_capacity(orders.len());
    let mut away = false;
    for order in orders {
        let done = if away {
            Err("Left out: the service that does this does not answer.".to_owned())
        } else {
            one(&app, &session, &form, &order, &mut away).await?
        };
        rows.push((order, done));
    }
    let page = ResultPage {
        shell,
        title: match form.what {
            What::Ship => "Shipped",
            What::Tag => "Tagged",
            _ => "Cancelled",
        },
        rows,
    };
    Ok(Html(page.render()?).into_response())
}

/// Asks for one of them; what the service said if it refused. Sent twice, the form's key and the order's id act once: also when
/// it is sent again with the proof that one of the orders needs.
async fn one(
    app: &AppState,
    session: &Session,
    form: &Bulk,
    order: &OrderRow,
    away: &mut bool,
) -> Result<std::result::Result<(), String>> {
    let id = order.id;
    let index = form.order.iter().position(|chosen| *chosen == id);
    let nth = |texts: &[String]| {
        let text = index.and_then(|index| texts.get(index));
        text.map(|text| text.trim().to_owned()).unwrap_or_default()
    };
    let (action, method, path, body) = match form.what {
        What::Ship => (
            "order.ship",
            Method::POST,
            format!("/internal/orders/{id}/shipments"),
            json!({ "carrier": nth(&form.carrier), "tracking_number": nth(&form.tracking_number) }),
        ),
        What::Tag => (
            "order.tag",
            Method::PUT,
            format!("/internal/orders/{id}/tags/{}", word(&form.tag)),
            Value::Null,
        ),
        _ => (
            "order.cancel",
            Method::POST,
            format!("/internal/orders/{id}/cancel"),
            json!({ "reason": optional(&form.reason) }),
        ),
    };
    if form.what == What::Ship && nth(&form.tracking_number).is_empty() {
        return Ok(Err("Left out: no tracking number.".to_owned()));
    }
    let behalf = session.on_behalf_of();
    let key = format!("{}-{id}", form.key);
    let call = app.order.call(method, &path, Some(&behalf))?;
    let change = Change {
        action,
        target: format!("order:{id}"),
        details: json!({ "request": body }),
        call: if body.is_null() {
            call
        } else {
            call.key(Some(&key)).json(&body)
        },
        page: "/admin/orders",
    };
    Ok(match attempt::<Value>(app, session, change).await? {
        Ok(_) => Ok(()),
        Err(CallError::Problem { code, body, .. }) if code != STALE => Err(refusal(&body)),
        Err(error @ CallError::Problem { .. }) => return Err(error.into()),
        Err(error) => {
            *away = true;
            Err(PageError::from(error).text().to_owned())
        }
    })
}
