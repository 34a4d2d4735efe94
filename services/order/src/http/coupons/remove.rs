use auth_token::Staff;
use auth_token::permissions::ManageCoupons;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Error, IfMatch, Path, Problem};
use primitives::CouponId;
use serde_json::json;

use super::CouponView;
use crate::app::AppState;
use crate::store;

/// Delete a coupon, or retire it if it was used (admin)
#[utoipa::path(delete, path = "/api/coupons/{id}", operation_id = "deleteCoupon", tag = "coupons", params(("id" = CouponId, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 204), (status = 412, body = Problem), (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    staff: Staff<ManageCoupons>,
    Path(id): Path<CouponId>,
    expected: IfMatch,
) -> http_kit::Result<StatusCode> {
    let staff = staff.acting();
    let mut tx = app.pool.begin().await?;
    let before = store::coupons::remove(&mut tx, id)
        .await?
        .ok_or_else(|| Error::not_found("coupon"))?;
    expected.check(before.version)?;
    let after = store::coupons::find(&mut tx, id).await?;
    let (before, after) = (CouponView::from(before), after.map(CouponView::from));
    let target = format!("coupon:{id}");
    let act = staff.did("coupon.delete", target, json!(before), json!(after));
    app.publisher.publish(&mut tx, &act).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
