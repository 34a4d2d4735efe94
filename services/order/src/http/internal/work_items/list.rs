use auth_token::Service;
use auth_token::permissions::ReadOrders;
use axum::extract::State;
use http_kit::{Cursor, Json, Limit, Page, Query};
use primitives::{OrderId, WorkItemId};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::WorkItemView;
use crate::app::AppState;
use crate::store::work_items::{self, Filter};

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ItemStatus {
    Open,
    Resolved,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListWorkItems {
    #[param(inline)]
    status: Option<ItemStatus>,
    order_id: Option<OrderId>,
    /// How many items to answer, 1–100 (20).
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<Limit>,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
}

/// What a person has to see to, newest first
#[utoipa::path(get, path = "/internal/work-items", params(ListWorkItems), responses((status = 200, body = Page<WorkItemView>)))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    service: Service,
    Query(query): Query<ListWorkItems>,
) -> http_kit::Result<Json<Page<WorkItemView>>> {
    service.staff::<ReadOrders>()?;
    let limit = query.limit.unwrap_or_default();
    let after = query
        .cursor
        .as_ref()
        .map(Cursor::decode::<WorkItemId>)
        .transpose()?;
    let filter = Filter {
        status: query.status.map(|status| match status {
            ItemStatus::Open => "open",
            ItemStatus::Resolved => "resolved",
        }),
        order_id: query.order_id,
        after,
        limit: limit.fetch(),
    };
    let mut conn = app.pool.acquire().await?;
    let items = work_items::list(&mut conn, &filter).await?;
    Ok(Json(
        Page::cut(items, limit, |item| item.id)?.map(WorkItemView::from),
    ))
}
