//! Orders as a file, sent as they are read.

use auth_token::permissions::ReadOrders;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use futures::stream;
use http_kit::RequestId;
use primitives::{AuditId, Money, OrderId, Timestamp};
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
use crate::store;
use crate::store::audit::{DONE, Entry};

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
    let filter = params
        .filter(now, app.late_after())
        .map_err(|error| error.back_to("/admin/orders"))?;
    note(&app, &session, json!({ "filter": params.described() })).await?;
    let place = Place {
        app,
        filter,
        now,
        after: None,
        text: head(),
    };
    let pieces = stream::try_unfold(Some(place), piece);
    Ok((file_headers(), Body::from_stream(pieces)).into_response())
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
    Ok((file_headers(), text).into_response())
}

async fn note(app: &AppState, session: &Session, details: Value) -> Result<()> {
    let (now, request_id) = (app.clock.now(), RequestId::current());
    let entry = Entry {
        id: AuditId::new(now, &app.random),
        at: now,
        actor_id: Some(session.user_id),
        actor_email: session.email.as_str(),
        action: "orders.export",
        target: "orders",
        outcome: DONE,
        details,
        request_id: request_id.as_ref().map_or("", RequestId::as_str),
    };
    store::audit::insert(&mut *app.pool.acquire().await?, &entry).await?;
    Ok(())
}

const fn file_headers() -> [(axum::http::HeaderName, &'static str); 2] {
    [
        (CONTENT_TYPE, "text/csv; charset=utf-8; header=present"),
        (CONTENT_DISPOSITION, "attachment; filename=\"orders.csv\""),
    ]
}

fn head() -> String {
    spreadsheet::line(HEAD.map(str::to_owned))
}

/// Where the file is: after which row, and what stands before the next ones.
struct Place {
    app: AppState,
    filter: OrderFilter,
    now: Timestamp,
    after: Option<OrderId>,
    text: String,
}

async fn piece(place: Option<Place>) -> sqlx::Result<Option<(String, Option<Place>)>> {
    let Some(mut place) = place else {
        return Ok(None);
    };
    let mut db = snapshot(&place.app.order_db).await?;
    let rows = list(&mut db, &place.filter, place.after, BITE).await?;
    drop(db);
    let mut text = std::mem::take(&mut place.text);
    text.extend(rows.iter().map(|row| line(&place.app, row, place.now)));
    place.after = rows.last().map(|last| last.id);
    let more = rows.len() as i64 == BITE;
    Ok(Some((text, more.then_some(place))))
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
