use auth_token::Service;
use auth_token::permissions::ReadOrders;
use axum::extract::State;
use axum::response::Response;
use http_kit::{Error, Json, one_field};
use primitives::OrderId;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::AppState;
use crate::documents::{self, Format};
use crate::http::documents::packing_slip::slip;
use crate::store;

/// As many as a page of a list has, twice.
const MOST: usize = 100;

/// What to print.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PrintSlips {
    /// 1 to 100 orders; printed in this order.
    order_ids: Vec<OrderId>,
    format: Format,
}

/// Packing slips of several orders as one document: of each what is still to be packed, or all of it if nothing is
#[utoipa::path(post, path = "/internal/packing-slips", request_body = PrintSlips,
    responses((status = 200, content((String = "text/html"), (Vec<u8> = "application/pdf")))))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    service: Service,
    Json(body): Json<PrintSlips>,
) -> http_kit::Result<Response> {
    service.acting::<ReadOrders>()?;
    let ids = body.order_ids;
    if !(1..=MOST).contains(&ids.len()) {
        return Err(one_field("order_ids", "length", "must be 1 to 100 orders"));
    }
    let mut conn = app.pool.acquire().await?;
    let orders = store::orders::of_ids(&mut conn, &ids).await?;
    let items = store::order_items::of_orders(&mut conn, &ids).await?;
    drop(conn);
    let mut sheets = Vec::with_capacity(ids.len());
    for id in &ids {
        let order = orders.iter().find(|order| order.id == *id);
        let order = order.ok_or_else(|| Error::not_found("order"))?;
        let items: Vec<_> = items.iter().filter(|item| item.order_id == *id).collect();
        let items: Vec<_> = items.into_iter().cloned().collect();
        let all_left = items.iter().all(|item| item.shipped >= item.quantity);
        let slip = slip(&app, order, &items, |item| {
            let left = item.quantity - item.shipped;
            if all_left { item.quantity } else { left }
        });
        sheets.push(documents::packing_slip(slip));
    }
    let title = match &sheets[..] {
        [one] => one.title.clone(),
        several => format!("Packing slips of {} orders", several.len()),
    };
    documents::answer_all(sheets, title, body.format, "packing-slips").await
}
