use auth_token::Service;
use auth_token::permissions::ReadOrders;
use axum::extract::State;
use http_kit::{Cursor, Json, Limit, Page, PageQuery, Query};
use primitives::OrderId;
use serde::Deserialize;
use utoipa::IntoParams;

use super::SagaView;
use crate::app::AppState;
use crate::workflows;

/// Which sagas.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListSagas {
    /// Only those of which a step has failed for good or has been open for ten minutes.
    pub(crate) stuck: Option<bool>,
    /// How many orders to answer, 1–100 (20).
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    pub(crate) limit: Option<Limit>,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    pub(crate) cursor: Option<Cursor>,
}

/// Orders for which something is open elsewhere, newest first
#[utoipa::path(get, path = "/internal/sagas", params(ListSagas), responses((status = 200, body = Page<SagaView>)))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    service: Service,
    Query(query): Query<ListSagas>,
) -> http_kit::Result<Json<Page<SagaView>>> {
    service.acting::<ReadOrders>()?;
    let page = PageQuery {
        limit: query.limit,
        cursor: query.cursor,
    };
    let after = page.after::<OrderId>()?;
    let mut conn = app.pool.acquire().await?;
    let stuck = query.stuck.unwrap_or_default();
    let sagas = workflows::saga::open(&mut conn, &app, stuck, after, page.limit().fetch()).await?;
    Ok(Json(
        Page::cut(sagas, page.limit(), |saga| saga.order_id)?.map(SagaView::from),
    ))
}
