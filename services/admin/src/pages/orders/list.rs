//! The list of orders: its state is its address.

use std::time::Duration;

use askama::Template;
use auth_token::permissions::{ManageOrders, ReadOrders};
use axum::extract::{RawQuery, State};
use axum::response::Html;
use http_kit::Cursor;
use primitives::{OrderId, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::app::AppState;
use crate::domain::span::span;
use crate::domain::waiting::ShipBy;
use crate::error::{PageError, Result};
use crate::format::filters;
use crate::input::{self, Query};
use crate::pages::shell::{Choice, Shell, choices};
use crate::pages::views::Views;
use crate::read::orders::{
    FULFILLMENT_STATUSES, OrderFilter, OrderRow, PAYMENT_STATUSES, RETURN_STATUSES, STATUSES,
    shipping_methods,
};
use crate::read::{self, snapshot};
use crate::session::May;
use crate::store::home;

const PAGE: usize = 50;
/// Ten years: nobody waits longer for a payment.
const MOST_HOURS: u32 = 10 * 366 * 24;

#[derive(Template)]
#[template(path = "orders/list.html")]
struct Page {
    shell: Shell,
    views: Views,
    form: Params,
    methods: Vec<(String, String)>,
    orders: Vec<Shown>,
    manage: bool,
    /// Makes a bulk form that is sent twice act once.
    key: String,
    next: Option<String>,
    /// The whole list as a file.
    export: String,
}

/// A row.
struct Shown {
    order: OrderRow,
    age: String,
    ship_by: Option<ShipBy>,
}

impl Shown {
    fn new(order: OrderRow, app: &AppState, now: Timestamp) -> Self {
        let since = order.to_ship_since();
        Self {
            age: span(now.since(order.placed_at)),
            ship_by: since.map(|since| ShipBy::new(since, app.late_after(), now)),
            order,
        }
    }
}

/// The filters, as they stand in the address.
#[derive(Deserialize, Default, Clone)]
#[serde(default)]
pub(super) struct Params {
    q: String,
    /// Placed since midnight by the shop's clock.
    today: bool,
    /// Not shipped in the time that the settings give for it.
    late: bool,
    disputed: bool,
    /// With a dispute that waits for an answer.
    to_answer: bool,
    /// Of a return.
    returns: String,
    status: String,
    payment_status: String,
    fulfillment_status: String,
    from: String,
    until: String,
    min_total: String,
    max_total: String,
    coupon: String,
    country: String,
    method: String,
    tag: String,
    sku: String,
    note: bool,
    unpaid_hours: String,
    /// The id of an account.
    customer: String,
    cursor: Option<Cursor>,
    done: Option<String>,
}

impl Params {
    fn statuses(&self) -> Vec<Choice> {
        choices(&STATUSES, &self.status)
    }

    fn payment_statuses(&self) -> Vec<Choice> {
        choices(&PAYMENT_STATUSES, &self.payment_status)
    }

    fn fulfillment_statuses(&self) -> Vec<Choice> {
        choices(&FULFILLMENT_STATUSES, &self.fulfillment_status)
    }

    fn return_statuses(&self) -> Vec<Choice> {
        choices(&RETURN_STATUSES, &self.returns)
    }

    /// Whether one of the filters that are folded away is set.
    fn has_more(&self) -> bool {
        let texts = [
            &self.from,
            &self.until,
            &self.min_total,
            &self.max_total,
            &self.coupon,
            &self.country,
            &self.method,
            &self.tag,
            &self.sku,
            &self.unpaid_hours,
            &self.returns,
        ];
        self.note
            || self.today
            || self.late
            || self.disputed
            || self.to_answer
            || texts.iter().any(|text| !text.is_empty())
    }

    /// Which filters are set, for the audit log.
    pub(super) fn described(&self) -> Value {
        let mut set = json!({
            "q": self.q, "status": self.status, "payment_status": self.payment_status, "fulfillment_status": self.fulfillment_status,
            "from": self.from, "until": self.until, "min_total": self.min_total, "max_total": self.max_total, "coupon": self.coupon,
            "country": self.country, "method": self.method, "tag": self.tag, "sku": self.sku, "unpaid_hours": self.unpaid_hours,
            "note": self.note, "today": self.today, "late": self.late, "disputed": self.disputed, "to_answer": self.to_answer, "returns": self.returns, "customer": self.customer,
        });
        if let Some(set) = set.as_object_mut() {
            set.retain(|_, value| *value != json!("") && *value != json!(false));
        }
        set
    }

    /// What cannot be read is said, not ignored: a list must not show more than was asked for.
    pub(super) async fn filter(&self, app: &AppState) -> Result<OrderFilter> {
        let now = app.clock.now();
        let currency = app.currency();
        let today = match self.today {
            true => {
                let mut db = app.pool.acquire().await?;
                Some(home::now(&mut db, now, &app.time_zone).await?.start)
            }
            false => None,
        };
        let one_of = |known: &'static [&'static str], text: &str| match text {
            "" => Ok(None),
            text => match known.iter().find(|status| **status == text) {
                Some(status) => Ok(Some(*status)),
                None => Err(PageError::invalid("There is no such status.")),
            },
        };
        // In the shop's currency; totals are compared in minor units.
        let total = |text: &str, field: &str| match text.trim() {
            "" => Ok(None),
            text => input::amount(text, currency)
                .map(|money| Some(money.amount()))
                .ok_or_else(|| {
                    PageError::invalid(&format!("{field} must be a number such as 12.50."))
                }),
        };
        let unpaid_since = match self.unpaid_hours.trim() {
            "" => None,
            text => match text
                .parse::<u32>()
                .ok()
                .filter(|hours| *hours <= MOST_HOURS)
            {
                Some(hours) => Some(now - Duration::from_secs(u64::from(hours) * 3600)),
                None => return Err(PageError::invalid("Unpaid for must be a number of hours.")),
            },
        };
        Ok(OrderFilter {
            q: self.q.trim().to_owned(),
            late_since: self.late.then(|| now - app.late_after()),
            disputed: self.disputed,
            to_answer: self.to_answer,
            return_status: one_of(&RETURN_STATUSES, &self.returns)?,
            status: one_of(&STATUSES, &self.status)?,
            payment_status: one_of(&PAYMENT_STATUSES, &self.payment_status)?,
            fulfillment_status: one_of(&FULFILLMENT_STATUSES, &self.fulfillment_status)?,
            from: input::day(&self.from, "From")?.max(today),
            // The day itself belongs to it.
            until: input::day(&self.until, "Until")?.map(input::end_of),
            min_total: total(&self.min_total, "The least total")?,
            max_total: total(&self.max_total, "The greatest total")?,
            coupon: self.coupon.trim().to_owned(),
            country: self.country.trim().to_owned(),
            method: self.method.clone(),
            tag: self.tag.trim().to_owned(),
            sku: self.sku.trim().to_owned(),
            has_note: self.note,
            unpaid_since,
            customer: match self.customer.trim() {
                "" => None,
                id => Some(
                    id.parse()
                        .map_err(|_| PageError::invalid("There is no such customer."))?,
                ),
            },
            guest: None,
        })
    }
}

pub(super) async fn page(
    State(app): State<AppState>,
    session: May<ReadOrders>,
    RawQuery(query): RawQuery,
    Query(params): Query<Params>,
) -> Result<Html<String>> {
    let back = |error: PageError| error.back_to("/admin/orders");
    let after = match &params.cursor {
        Some(cursor) => Some(cursor.decode::<OrderId>().map_err(|_| {
            back(PageError::invalid(
                "The link to this page of the list is broken.",
            ))
        })?),
        None => None,
    };
    let now = app.clock.now();
    let filter = params.filter(&app).await.map_err(back)?;
    let mut db = snapshot(&app.order_db).await?;
    let mut orders = read::orders::list(&mut db, &filter, after, PAGE as i64 + 1).await?;
    let methods = shipping_methods(&mut db).await?;
    drop(db);
    let views = Views::of(&app, &session, "/admin/orders", query.as_deref()).await?;
    let more = orders.len() > PAGE;
    orders.truncate(PAGE);
    let next = match orders.last().filter(|_| more) {
        Some(last) => {
            let cursor = Cursor::encode(&last.id).map_err(|_| PageError::not_found())?;
            let and = if views.query.is_empty() { "" } else { "&" };
            Some(format!(
                "/admin/orders?{}{and}cursor={}",
                views.query,
                cursor.as_str()
            ))
        }
        None => None,
    };
    let orders = orders.into_iter();
    let page = Page {
        shell: Shell::new(&session, "/admin/orders", params.done.as_deref()),
        export: format!("/admin/orders/export.csv?{}", views.query),
        views,
        form: params,
        methods,
        orders: orders.map(|order| Shown::new(order, &app, now)).collect(),
        manage: session.may::<ManageOrders>(),
        key: app.sessions.new_token(),
        next,
    };
    Ok(Html(page.render()?))
}
