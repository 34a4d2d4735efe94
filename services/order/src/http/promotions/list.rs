use auth_token::Staff;
use auth_token::permissions::ManageCoupons;
use axum::extract::State;
use http_kit::{Json, Page, PageQuery, Problem, Query};
use primitives::PromotionId;

use super::PromotionView;
use crate::app::AppState;
use crate::store;

/// Promotions, newest first (admin)
#[utoipa::path(get, path = "/api/promotions", operation_id = "listPromotions", tag = "promotions", params(PageQuery),
    responses((status = 200, body = Page<PromotionView>), (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    _staff: Staff<ManageCoupons>,
    Query(query): Query<PageQuery>,
) -> http_kit::Result<Json<Page<PromotionView>>> {
    let (after, limit) = (query.after::<PromotionId>()?, query.limit());
    let mut conn = app.pool.acquire().await?;
    let found = store::promotions::list(&mut conn, after, limit.fetch()).await?;
    let page = Page::cut(found, limit, |stored| stored.promotion.id)?;
    Ok(Json(page.map(PromotionView::from)))
}
