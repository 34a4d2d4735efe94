//! Orders as a file, sent as they are read.

use auth_token::permissions::ReadOrders;
use axum::extract::State;
use axum::response::Response;
use primitives::{Money, OrderId, Timestamp};
use serde_json::{Value, json};

use super::list::Params;
use crate::app::AppState;
use crate::domain::waiting::ShipBy;
use crate::error::Result;
use crate::input::Query;
use crate::read::orders::{OrderFilter, OrderRow, list};
use crate::read::snapshot;
use crate::session::{May, Session};
use crate::spreadsheet;
use crate::store::audit::DONE;
use crate::workflows::audit::{self, entry};

/// How many rows are in memory at a time.
const BITE: i64 = 500;

const HEAD: [&str; 18] = [
    "number",
    "id",
    "placed_at",
    "email",
    "status",
    "payment_status",
    "fulfillment_status",
    "units",
    "total",
    "currency",
    "country",
    "shipping_method",
    "coupon",
    "tags",
    "paid_at",
    "ship_by",
    "late",
    "has_left",
];

/// The rows of the filter, newest first. That somebody took them along is in the audit log.
pub(super) async fn file(
    State(app): State<AppState>,
    session: May<ReadOrders>,
    Query(params): Query<Params>,
) -> Result<Response> {
    let now = app.clock.now();
    let filter = params.filter(&app).await;
    let filter = filter.map_err(|error| error.back_to("/admin/orders"))?;
    note(&app, &session, json!({ "filter": params.described() })).await?;
    Ok(spreadsheet::stream("orders", head(), None, move |after| {
        bite(app.clone(), filter.clone(), now, after)
    }))
}

/// Some orders, chosen one by one.
pub(super) async fn chosen(
    app: &AppState,
    session: &Session,
    orders: &[OrderRow],
) -> Result<Response> {
    let now = app.clock.now();
    let numbers: Vec<&str> = orders.iter().map(|order| &*order.number).collect();
    note(app, session, json!({ "orders": numbers })).await?;
    let mut text = head();
    text.extend(orders.iter().map(|order| line(app, order, now)));
    Ok(spreadsheet::file("orders", text))
}

async fn note(app: &AppState, session: &Session, details: Value) -> sqlx::Result<()> {
    let taken = entry(
        app,
        session.actor(),
        "orders.export",
        "orders",
        DONE,
        details,
    );
    audit::write(app, &taken).await
}

fn head() -> String {
    spreadsheet::line(HEAD.map(str::to_owned))
}

async fn bite(
    app: AppState,
    filter: OrderFilter,
    now: Timestamp,
    after: Option<OrderId>,
) -> sqlx::Result<(String, Option<Option<OrderId>>)> {
    let mut db = snapshot(&app.order_db).await?;
    let rows = list(&mut db, &filter, after, BITE).await?;
    drop(db);
    let text = rows.iter().map(|row| line(&app, row, now)).collect();
    let last = rows.last().filter(|_| rows.len() as i64 == BITE);
    Ok((text, last.map(|last| Some(last.id))))
}

fn line(app: &AppState, order: &OrderRow, now: Timestamp) -> String {
    let since = order.to_ship_since();
    let ship_by = since.map(|since| ShipBy::new(since, app.late_after(), now));
    let left = matches!(
        &*order.fulfillment_status,
        "shipped" | "delivered" | "returned"
    );
    let yes = |is: bool| if is { "yes" } else { "no" }.to_owned();
    let time = |at: Option<Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
    spreadsheet::line([
        order.number.clone(),
        order.id.to_string(),
        order.placed_at.to_string(),
        order.email.clone(),
        order.status.clone(),
        order.payment_status.clone(),
        order.fulfillment_status.clone(),
        order.units.to_string(),
        plain(order.total),
        order.total.currency().code().to_owned(),
        order.country.clone(),
        order.method.clone(),
        order.coupon.clone().unwrap_or_default(),
        order.tags.join(" "),
        time(order.confirmed_at),
        time(ship_by.as_ref().map(|ship_by| ship_by.at)),
        yes(ship_by.is_some_and(|ship_by| ship_by.late.is_some())),
        yes(left),
    ])
}

/// An amount as spreadsheets read numbers, without its currency.
fn plain(money: Money) -> String {
    let text = money.to_string();
    text.split(' ').next().unwrap_or_default().to_owned()
}
