use auth_token::Staff;
use auth_token::permissions::ReadOrders;
use axum::extract::State;
use http_kit::{Cursor, Json, Limit, Page, Problem, Query};
use primitives::ReturnId;
use serde::Deserialize;
use utoipa::IntoParams;

use super::ReturnView;
use crate::app::AppState;
use crate::domain::returns::ReturnStatus;
use crate::store;
use crate::workflows::transition::Actor;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListReturns {
    status: Option<ReturnStatus>,
    /// How many returns to answer, 1–100 (20).
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    limit: Option<Limit>,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor>,
}

/// All returns, newest first (staff)
#[utoipa::path(get, path = "/api/returns", operation_id = "listReturns", tag = "returns", params(ListReturns),
    responses((status = 200, body = Page<ReturnView>), (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    staff: Staff<ReadOrders>,
    Query(query): Query<ListReturns>,
) -> http_kit::Result<Json<Page<ReturnView>>> {
    let limit = query.limit.unwrap_or_default();
    let after = query
        .cursor
        .as_ref()
        .map(Cursor::decode::<ReturnId>)
        .transpose()?;
    let mut conn = app.pool.acquire().await?;
    let returns = store::returns::list(&mut conn, query.status, after, limit.fetch()).await?;
    let page = Page::cut(returns, limit, |known| known.id)?;
    let ids: Vec<ReturnId> = page.data.iter().map(|known| known.id).collect();
    let items = store::returns::items(&mut conn, &ids).await?;
    let staff = staff.acting();
    let viewer = Actor::Staff(&staff);
    Ok(Json(
        page.map(|known| ReturnView::new(known, &items, viewer)),
    ))
}
