use auth_token::Staff;
use auth_token::permissions::ManageCoupons;
use axum::extract::State;
use http_kit::{Error, IfMatch, Json, OnConstraint as _, Path, Problem};
use primitives::CouponId;
use serde_json::json;

use super::{CouponInput, CouponView, taken};
use crate::app::AppState;
use crate::store;

/// Replace a coupon's terms (admin); `If-Match` guards against a change in between
#[utoipa::path(put, path = "/api/coupons/{id}", operation_id = "updateCoupon", tag = "coupons", request_body = CouponInput,
    params(("id" = CouponId, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = CouponView), (status = 412, body = Problem), (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    staff: Staff<ManageCoupons>,
    Path(id): Path<CouponId>,
    expected: IfMatch,
    Json(body): Json<CouponInput>,
) -> http_kit::Result<Json<CouponView>> {
    let staff = staff.acting();
    let mut tx = app.pool.begin().await?;
    let found = store::coupons::find(&mut tx, id)
        .await?
        .ok_or_else(|| Error::not_found("coupon"))?;
    expected.check(found.version)?;
    let coupon = body.into_coupon(id, app.currency(), found.created_at, found.version)?;
    let limit = || {
        http_kit::one_field(
            "usage_limit",
            "below_used",
            "must not be less than how often the coupon was used",
        )
    };
    if !store::coupons::update(&mut tx, &coupon)
        .await
        .on_constraint("coupons_code_unique", taken)
        .on_constraint("coupons_within_limit", limit)?
    {
        return Err(Error::stale_version());
    }
    let coupon = store::coupons::find(&mut tx, id)
        .await?
        .ok_or_else(|| Error::not_found("coupon"))?;
    let (before, after) = (CouponView::from(found), CouponView::from(coupon));
    let target = format!("coupon:{id}");
    let act = staff.did("coupon.update", target, json!(before), json!(after));
    app.publisher.publish(&mut tx, &act).await?;
    tx.commit().await?;
    Ok(Json(after))
}
