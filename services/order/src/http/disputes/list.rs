use auth_token::Staff;
use auth_token::permissions::ReadOrders;
use axum::extract::State;
use http_kit::{Cursor, Json, Limit, Page, Problem, Query};
use primitives::{DisputeId, Timestamp};
use serde::Deserialize;
use utoipa::IntoParams;

use super::DisputeView;
use crate::app::AppState;
use crate::domain::dispute::DisputeState;
use crate::store;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListDisputes {
    state: Option<DisputeState>,
    /// How many disputes to answer, 1–100 (20).
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<Limit>,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
}

/// What cardholders object to, newest first (staff)
#[utoipa::path(get, path = "/api/disputes", operation_id = "listDisputes", tag = "payments", params(ListDisputes),
    responses((status = 200, body = Page<DisputeView>), (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    _staff: Staff<ReadOrders>,
    Query(query): Query<ListDisputes>,
) -> http_kit::Result<Json<Page<DisputeView>>> {
    let limit = query.limit.unwrap_or_default();
    let after = query
        .cursor
        .as_ref()
        .map(Cursor::decode::<(Timestamp, DisputeId)>)
        .transpose()?;
    let mut conn = app.pool.acquire().await?;
    let disputes = store::disputes::list(&mut conn, query.state, after, limit.fetch()).await?;
    let page = Page::cut(disputes, limit, |dispute| (dispute.opened_at, dispute.id))?;
    Ok(Json(page.map(DisputeView::from)))
}
