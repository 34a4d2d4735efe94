use auth_token::Staff;
use auth_token::permissions::ManageSettings;
use axum::extract::State;
use http_kit::{Json, Page, PageQuery, Problem, Query};

use super::ShippingMethodView;
use crate::app::AppState;
use crate::store;

/// All shipping methods, also those that are not offered, by code (admin)
#[utoipa::path(get, path = "/api/shipping-methods/all", operation_id = "listAllShippingMethods", tag = "shipping methods", params(PageQuery),
    responses((status = 200, body = Page<ShippingMethodView>), (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    _staff: Staff<ManageSettings>,
    Query(query): Query<PageQuery>,
) -> http_kit::Result<Json<Page<ShippingMethodView>>> {
    let (after, limit) = (query.after::<String>()?, query.limit());
    let mut conn = app.pool.acquire().await?;
    let found = store::shipping_methods::list(&mut conn, after.as_deref(), limit.fetch()).await?;
    let page = Page::cut(found, limit, |stored| stored.method.code.clone())?;
    Ok(Json(page.map(ShippingMethodView::from)))
}
