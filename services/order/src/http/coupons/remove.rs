use auth_token::Staff;
use auth_token::permissions::ManageCoupons;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Error, Path, Problem};
use primitives::CouponId;

use crate::app::AppState;
use crate::store;

/// Delete a coupon, or retire it if it was used (admin)
#[utoipa::path(delete, path = "/api/coupons/{id}", operation_id = "deleteCoupon", tag = "coupons", params(("id" = CouponId, Path)),
    responses((status = 204), (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    _staff: Staff<ManageCoupons>,
    Path(id): Path<CouponId>,
) -> http_kit::Result<StatusCode> {
    let mut conn = app.pool.acquire().await?;
    if store::coupons::remove(&mut conn, id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Error::not_found("coupon"))
    }
}
