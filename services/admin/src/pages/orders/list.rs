use askama::Template;
use auth_token::permissions::ReadOrders;
use axum::extract::{RawQuery, State};
use axum::response::Html;
use http_kit::Cursor;
use primitives::{OrderId, Timestamp};
use serde::Deserialize;

use crate::app::AppState;
use crate::error::{PageError, Result};
use crate::format::filters;
use crate::input::Query;
use crate::pages::shell::{Choice, Shell, choices, link};
use crate::pages::views::Views;
use crate::read::orders::{OrderFilter, OrderRow};
use crate::read::{self, snapshot};
use crate::session::May;

const PAGE: usize = 50;

#[derive(Template)]
#[template(path = "orders/list.html")]
struct Page {
    shell: Shell,
    views: Views,
    filter: OrderFilter,
    orders: Vec<OrderRow>,
    next: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Params {
    q: String,
    status: String,
    payment_status: String,
    fulfillment_status: String,
    cursor: Option<Cursor>,
}

impl OrderFilter {
    fn statuses(&self) -> Vec<Choice> {
        choices(
            &["pending", "confirmed", "completed", "cancelled"],
            &self.status,
        )
    }

    fn payment_statuses(&self) -> Vec<Choice> {
        choices(
            &[
                "unpaid",
                "authorized",
                "paid",
                "partially_refunded",
                "refunded",
                "failed",
            ],
            &self.payment_status,
        )
    }

    fn fulfillment_statuses(&self) -> Vec<Choice> {
        choices(
            &[
                "unfulfilled",
                "partially_shipped",
                "shipped",
                "delivered",
                "returned",
            ],
            &self.fulfillment_status,
        )
    }
}

pub(super) async fn page(
    State(app): State<AppState>,
    session: May<ReadOrders>,
    RawQuery(query): RawQuery,
    Query(params): Query<Params>,
) -> Result<Html<String>> {
    let after = match &params.cursor {
        Some(cursor) => Some(
            cursor
                .decode::<(Timestamp, OrderId)>()
                .map_err(|_| PageError::invalid("The link to this page of the list is broken."))?,
        ),
        None => None,
    };
    let filter = OrderFilter {
        q: params.q.trim().to_owned(),
        status: params.status,
        payment_status: params.payment_status,
        fulfillment_status: params.fulfillment_status,
    };
    let mut db = snapshot(&app.order_db).await?;
    let mut orders = read::orders::list(&mut db, &filter, after, PAGE as i64 + 1).await?;
    let next = (orders.len() > PAGE)
        .then(|| orders.truncate(PAGE))
        .and_then(|()| orders.last())
        .map(|last| {
            let cursor =
                Cursor::encode(&(last.placed_at, last.id)).map_err(|_| PageError::not_found())?;
            Ok::<_, PageError>(link(
                "/admin/orders",
                &[
                    ("q", &filter.q),
                    ("status", &filter.status),
                    ("payment_status", &filter.payment_status),
                    ("fulfillment_status", &filter.fulfillment_status),
                    ("cursor", cursor.as_str()),
                ],
            ))
        });
    let next = next.transpose()?;
    let views = Views::of(&app, &session, "/admin/orders", query.as_deref()).await?;
    Ok(Html(
        Page {
            shell: Shell::new(&session, "/admin/orders", None),
            views,
            filter,
            orders,
            next,
        }
        .render()?,
    ))
}
