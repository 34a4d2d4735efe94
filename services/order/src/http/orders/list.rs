use auth_token::User;
use auth_token::permissions::{Permission, ReadOrders};
use axum::extract::State;
use http_kit::{Cursor, Json, Limit, Page, Problem, Query, one_field};
use primitives::{OrderId, Text, Timestamp};
use serde::Deserialize;
use utoipa::IntoParams;

use super::OrderView;
use crate::app::AppState;
use crate::domain::order::{FulfillmentStatus, PaymentStatus, Status};
use crate::domain::search::Search;
use crate::domain::tag::Tag;
use crate::store;
use crate::store::orders::Filter;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListOrders {
    status: Option<Status>,
    payment_status: Option<PaymentStatus>,
    fulfillment_status: Option<FulfillmentStatus>,
    /// Placed then or later (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Placed before then (RFC 3339).
    #[param(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
    /// A total of so much or more, in minor units.
    #[param(minimum = 0)]
    min_total: Option<i64>,
    /// A total of so much or less, in minor units.
    #[param(minimum = 0)]
    max_total: Option<i64>,
    /// The order's number, the customer's e-mail address, or the SKU of a line.
    #[param(value_type = Option<String>, min_length = 1, max_length = 200)]
    q: Option<Text<200>>,
    /// One of the tags that staff gave it; for staff.
    #[param(value_type = Option<String>)]
    tag: Option<Tag>,
    /// How many orders to answer, 1–100 (20).
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<Limit>,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
}

/// One's own orders, newest first; staff see all
#[utoipa::path(get, path = "/api/orders", operation_id = "listOrders", tag = "orders", params(ListOrders),
    responses((status = 200, body = Page<OrderView>), (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    User(principal): User,
    Query(query): Query<ListOrders>,
) -> http_kit::Result<Json<Page<OrderView>>> {
    let limit = query.limit.unwrap_or_default();
    let after = query
        .cursor
        .as_ref()
        .map(Cursor::decode::<OrderId>)
        .transpose()?;
    let staff = ReadOrders::allows(principal.role);
    if query.tag.is_some() && !staff {
        return Err(one_field("tag", "forbidden", "is for staff"));
    }
    let filter = Filter {
        status: query.status,
        payment_status: query.payment_status,
        fulfillment_status: query.fulfillment_status,
        from: query.from,
        until: query.until,
        min_total: query.min_total,
        max_total: query.max_total,
        search: query.q.as_ref().map(|text| Search::new(text.as_str())),
        tag: query.tag.map(|tag| tag.to_string()),
        after,
        limit: limit.fetch(),
    };
    let mut conn = app.pool.acquire().await?;
    let orders = if staff {
        store::orders::all(&mut conn, &filter).await?
    } else {
        store::orders::of_user(&mut conn, principal.user_id, &filter).await?
    };
    let page = Page::cut(orders, limit, |order| order.id)?;
    let ids: Vec<OrderId> = page.data.iter().map(|order| order.id).collect();
    let items = store::order_items::of_orders(&mut conn, &ids).await?;
    Ok(Json(page.map(|order| {
        let own: Vec<_> = items
            .iter()
            .filter(|item| item.order_id == order.id)
            .cloned()
            .collect();
        OrderView::new(&order, &own)
    })))
}
