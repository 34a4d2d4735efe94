use auth_token::Staff;
use auth_token::permissions::ManageCoupons;
use axum::extract::State;
use http_kit::{Json, Page, PageQuery, Problem, Query};
use primitives::CouponId;

use super::CouponView;
use crate::app::AppState;
use crate::store;

/// Coupons, newest first (admin)
#[utoipa::path(get, path = "/api/coupons", operation_id = "listCoupons", tag = "coupons", params(PageQuery),
    responses((status = 200, body = Page<CouponView>), (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    _staff: Staff<ManageCoupons>,
    Query(query): Query<PageQuery>,
) -> http_kit::Result<Json<Page<CouponView>>> {
    let mut conn = app.pool.acquire().await?;
    let coupons =
        store::coupons::list(&mut conn, query.after::<CouponId>()?, query.limit().fetch()).await?;
    Ok(Json(
        Page::cut(coupons, query.limit(), |coupon| coupon.id)?.map(CouponView::from),
    ))
}
