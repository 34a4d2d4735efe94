use auth_token::Staff;
use auth_token::permissions::ManageCoupons;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use http_kit::{Error, Path, Problem, etag};
use primitives::CouponId;

use super::CouponView;
use crate::app::AppState;
use crate::store;

/// A coupon (admin)
#[utoipa::path(get, path = "/api/coupons/{id}", operation_id = "getCoupon", tag = "coupons", params(("id" = CouponId, Path)),
    responses((status = 200, body = CouponView), (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    _staff: Staff<ManageCoupons>,
    Path(id): Path<CouponId>,
    headers: HeaderMap,
) -> http_kit::Result<Response> {
    let mut conn = app.pool.acquire().await?;
    let coupon: CouponView = store::coupons::find(&mut conn, id)
        .await?
        .ok_or_else(|| Error::not_found("coupon"))?
        .into();
    Ok(etag::respond(
        &headers,
        &etag::of_version(coupon.version()),
        coupon,
    ))
}
