use std::collections::HashMap;

use auth_token::Service;
use axum::extract::State;
use contracts::internal::exports::ExportPage;
use http_kit::{Error, Json, Page, PageQuery, Path, Query};
use primitives::{OrderId, UserId};
use serde_json::Value;

use crate::app::AppState;
use crate::http::orders::OrderView;
use crate::store;
use crate::store::orders::Filter;

/// What this service knows of a user: cart, orders with their payments, parcels and timelines
#[utoipa::path(get, path = "/internal/users/{id}/export", params(("id" = UserId, Path), PageQuery), responses((status = 200, body = ExportPage)))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    service: Service,
    Path(id): Path<UserId>,
    Query(query): Query<PageQuery>,
) -> http_kit::Result<Json<ExportPage>> {
    if service.user()?.user_id != id {
        return Err(Error::forbidden(
            "forbidden",
            "This must be called in that user's name.",
        ));
    }
    let after = query.after::<OrderId>()?;
    let filter = Filter {
        after,
        limit: query.limit().fetch(),
        ..Filter::default()
    };
    let mut conn = app.pool.acquire().await?;
    let orders = store::orders::of_user(&mut conn, id, &filter).await?;
    let page = Page::cut(orders, query.limit(), |order| order.id)?;
    let ids: Vec<OrderId> = page.data.iter().map(|order| order.id).collect();
    let items = store::order_items::of_orders(&mut conn, &ids).await?;
    let details = store::export::details(&mut conn, &ids).await?;
    let mut details: HashMap<OrderId, Value> = details.into_iter().collect();
    let mut answer = ExportPage {
        next_cursor: page
            .next_cursor
            .as_ref()
            .map(|cursor| cursor.as_str().to_owned()),
        ..ExportPage::default()
    };
    let mut entries = Vec::with_capacity(ids.len());
    for order in &page.data {
        let own: Vec<_> = items
            .iter()
            .filter(|item| item.order_id == order.id)
            .cloned()
            .collect();
        let mut entry =
            serde_json::to_value(OrderView::new(order, &own)).map_err(Error::internal)?;
        if let (Value::Object(entry), Some(Value::Object(more))) =
            (&mut entry, details.remove(&order.id))
        {
            entry.extend(more);
        }
        entries.push(entry);
    }
    answer.sections.insert("orders".to_owned(), entries);
    if after.is_none() {
        let cart = store::export::cart(&mut conn, id).await?;
        answer
            .sections
            .insert("carts".to_owned(), cart.into_iter().collect());
    }
    Ok(Json(answer))
}
